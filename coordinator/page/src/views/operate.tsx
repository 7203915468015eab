// What an operator can do with the whole study: pause, resume, change budgets, give known results, let workers go, end it.
import { useState } from 'preact/hooks';
import type { Study } from '../api/types';
import { upload, Trouble } from '../api/client';
import type { Done } from '../api/types';
import { budgetName } from '../lib/words';
import { Dialog } from '../ui/dialog';
import { Act, ask, type Said } from './act';

export function Operate({ study }: { study: Study }) {
  const [open, setOpen] = useState(false);
  if (study.state === 'finished') return null;
  return (
    <>
      {study.state === 'paused' ? <Act path="/api/v1/resume" name="Resume" kind="main" /> : <Act path="/api/v1/pause" name="Pause" />}
      <button type="button" onClick={() => setOpen(true)}>
        Operate
      </button>
      {open && (
        <Dialog title="Operate" onClose={() => setOpen(false)}>
          <Budgets study={study} />
          <WarmStart />
          <section>
            <h3>Let the workers go</h3>
            <p class="note">They get nothing new, put their trainings in safety and leave. Whoever comes back is turned away until it is released (<code>ce-nas workers release</code>).</p>
            <Act path="/api/v1/drain" body={{ all: true }} name="Drain all workers" sure="All workers leave." />
          </section>
          <Stop />
        </Dialog>
      )}
    </>
  );
}

const KEYS = { carbon: ['carbon_g', 'g CO₂eq'], energy: ['energy_kwh', 'kWh'], hours: ['hours', 'h'], trainings: ['trainings', ''], hypervolume: ['hypervolume', ''] } as const;

function Budgets({ study }: { study: Study }) {
  const [said, setSaid] = useState<Said | null>(null);
  const submit = async (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const order: Record<string, number | 'unlimited'> = {};
    for (const budget of study.budgets) {
      const [key] = KEYS[budget.of];
      const text = String(form.get(key) ?? '').trim();
      const before = budget.limit == null ? '' : String(budget.limit);
      if (text !== before) order[key] = text === '' ? 'unlimited' : Number(text);
    }
    if (Object.keys(order).length === 0) setSaid({ ok: false, text: 'Nothing was changed.' });
    else setSaid(await ask('/api/v1/budgets', order));
  };
  return (
    <section>
      <h3>Budgets</h3>
      <form class="budget-form" onSubmit={submit}>
        {study.budgets.map((budget) => {
          const [key, unit] = KEYS[budget.of];
          return (
            <label key={budget.of}>
              <span>
                {budgetName(budget.of)} {unit && <small>{unit}</small>}
              </span>
              <input name={key} type="number" min="0" step="any" placeholder="unlimited" defaultValue={budget.limit == null ? '' : String(budget.limit)} />
            </label>
          );
        })}
        <button type="submit">Change budgets</button>
        {said && <span class={said.ok ? 'said' : 'said trouble'} role="status">{said.text}</span>}
      </form>
      <p class="note">Empty means unlimited. A budget below what is spent ends the study.</p>
    </section>
  );
}

function WarmStart() {
  const [said, setSaid] = useState<Said | null>(null);
  const take = async (event: Event & { currentTarget: HTMLInputElement }) => {
    const [file] = event.currentTarget.files ?? [];
    if (!file) return;
    try {
      const done = await upload<Done>(`/api/v1/warm-start?name=${encodeURIComponent(file.name)}`, file);
      setSaid({ ok: true, text: done.text });
    } catch (error) {
      setSaid({ ok: false, text: error instanceof Trouble ? error.message : String(error) });
    }
  };
  return (
    <section>
      <h3>Known results</h3>
      <p class="note">A CSV or JSON file of results from elsewhere, gzipped or not, or another study's ledger: they count for the front and for what the search learns, never as work.</p>
      <label class="file">
        Give a file
        <input type="file" accept=".csv,.json,.gz,.sqlite" onChange={take} />
      </label>
      {said && <span class={said.ok ? 'said' : 'said trouble'} role="status">{said.text}</span>}
    </section>
  );
}

function Stop() {
  const [reason, setReason] = useState('');
  return (
    <section>
      <h3>End the study</h3>
      <label>
        Reason, for the report
        <input type="text" maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      <Act path="/api/v1/stop" body={reason.trim() ? { reason: reason.trim() } : {}} name="End the study" sure="For good: what runs is let go of, and the report is written." />
    </section>
  );
}
