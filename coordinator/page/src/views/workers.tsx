// Who works: each worker with its slots, what they are at, their power and temperature, and when it was last heard.
import { useState } from 'preact/hooks';
import type { Slot, Worker } from '../api/types';
import { chronicle } from '../data/live';
import { fidelity, opened, zone } from '../data/place';
import { useResource } from '../data/resource';
import { study, workers } from '../data/store';
import { useWorkerLog } from '../data/worker-log';
import * as as from '../lib/format';
import { briefly, fidelityClass, fidelityWords, sentence, shortArchitecture, workerState } from '../lib/words';
import { Dialog } from '../ui/dialog';
import { Choice, Empty, Figure, Legend, Panel, Waiting } from '../ui/parts';
import { Virtual } from '../ui/virtual';
import { Act } from './act';

const ROW = 40;
/** A heartbeat older than this is worth a look. */
const LATE_S = 15;

export function WorkersView() {
  const found = useResource(workers);
  const now = useResource(study);
  const [state, setState] = useState<'' | 'alive' | 'draining' | 'gone'>('');
  const [looked, setLooked] = useState<string | null>(null);
  if (!found) return <Waiting of={workers} what="the workers" />;
  if (found.total === 0) {
    return (
      <Panel title="Workers">
        <Empty>No worker has joined yet. Start one with ce-nas-worker, the coordinator's address and a key; it appears here by itself.</Empty>
      </Panel>
    );
  }
  const shown = found.workers.filter(
    (worker) =>
      (zone.value === null || worker.zone === zone.value) &&
      (state === '' || worker.state === state) &&
      (fidelity.value === null || worker.slots.some((slot) => slot.task && fidelityClass(slot.task.fidelity) === fidelityClass(fidelity.value!))),
  );
  const alive = found.workers.filter((worker) => worker.alive);
  const power = alive.reduce((sum, worker) => sum + (worker.power_w ?? 0), 0);
  const close = found.workers.find((worker) => worker.name === looked);
  const fleet = now?.fleet;
  return (
    <>
      <dl class="figures">
        <Figure name="Workers" value={as.count(fleet?.workers ?? alive.length)} note={`${as.count(fleet?.workers_gone ?? 0)} gone`} />
        <Figure name="Slots" value={as.count(fleet?.slots)} note={fleet ? `training ${fleet.training}, sampling ${fleet.scoring}` : ''} />
        <Figure name="Ready" value={as.count(fleet?.ready)} note="free, and told to work" />
        <Figure name="Resting" value={as.count(fleet?.resting)} note="by the last allocation" />
        <Figure name="Power" value={as.watts(power)} note="by the slots' last windows" />
      </dl>
      <Panel
        title="Workers"
        kind="fill"
        note={`${as.count(shown.length)} of ${as.count(found.total)} workers. A field is a slot; its colour is what it is at.`}
        aside={
          <div class="controls">
            <Choice label="State" value={state} options={[['', 'all'], ['alive', 'alive'], ['draining', 'draining'], ['gone', 'gone']]} onChange={setState} />
          </div>
        }
      >
        <Legend items={[['full', 'full'], ['rung', 'rung'], ['one-shot', 'one-shot'], ['supernet', 'supernet'], ['ready', 'ready'], ['rest', 'resting']]} />
        {shown.length === 0 && <Empty>No worker is like that: loosen the filters.</Empty>}
        <div class="workers">
          <Virtual
            count={shown.length}
            rowHeight={ROW}
            label="Workers"
            columns={8}
            head={['Worker', 'Zone', 'State', 'Heard ago', 'Slots', 'Power', 'Temperature', 'At work on'].map((name) => (
              <span role="columnheader" class={`c-${name.toLowerCase().split(' ')[0]} ${['Heard ago', 'Power', 'Temperature'].includes(name) ? 'n' : ''}`} key={name}>
                {name}
              </span>
            ))}
            row={(index) => <Row worker={shown[index]!} onLook={setLooked} />}
          />
        </div>
      </Panel>
      {close && <WorkerDrawer worker={close} onClose={() => setLooked(null)} />}
    </>
  );
}

function Row({ worker, onLook }: { worker: Worker; onLook(name: string): void }) {
  const busy = worker.slots.filter((slot) => slot.task);
  const age = worker.heartbeat_age_s;
  return (
    <>
      <span role="cell" class="c-worker">
        <button type="button" class="link" onClick={() => onLook(worker.name)}>
          {worker.name}
        </button>
      </span>
      <span role="cell" class="c-zone">{worker.zone}</span>
      <span role="cell" class={`c-state state ${worker.state}`}>{sentence(workerState(worker))}</span>
      <span role="cell" class={`c-heard n ${age != null && age > LATE_S ? 'late' : ''}`}>{age == null ? as.NONE : as.duration(age)}</span>
      <span role="cell" class="c-slots">
        {worker.slots.map((slot) => (
          <i key={slot.slot} class={`slot ${slotClass(worker, slot)}`} title={slotWords(slot)} />
        ))}
        <span class="hidden">{worker.slots.map(slotWords).join('; ')}</span>
      </span>
      <span role="cell" class="c-power n">{as.watts(worker.power_w)}</span>
      <span role="cell" class="c-temperature n">{temperatures(worker)}</span>
      <span role="cell" class="c-at">{busy.map((slot) => taskWords(slot)).join('; ') || (worker.lost_reason ?? as.NONE)}</span>
    </>
  );
}

function slotClass(worker: Worker, slot: Slot): string {
  if (!worker.alive) return 'gone';
  if (slot.task) return fidelityClass(slot.task.fidelity);
  return slot.role === 'rest' ? 'rest' : 'ready';
}

const taskWords = (slot: Slot): string =>
  slot.task ? `trial ${slot.task.trial}, ${fidelityWords(slot.task.fidelity).toLowerCase()}${slot.task.progress == null ? '' : ` ${as.percent(slot.task.progress, 0)}`}` : '';

const slotWords = (slot: Slot): string => `slot ${slot.slot}: ${taskWords(slot) || (slot.role === 'rest' ? 'resting' : 'ready')}`;

function temperatures(worker: Worker): string {
  const known = worker.slots.map((slot) => slot.temperature_c ?? null).filter((value) => value !== null);
  return known.length === 0 ? as.NONE : `${as.number(Math.max(...known))} °C`;
}

function WorkerDrawer({ worker, onClose }: { worker: Worker; onClose(): void }) {
  const trials = new Set(worker.slots.map((slot) => slot.task?.trial).filter((trial) => trial !== undefined));
  const news = chronicle.value.filter((line) => line.text?.includes(worker.name) || [...trials].some((trial) => line.text?.includes(`trial ${trial}`)));
  const facts: [string, string][] = [
    ['State', workerState(worker)],
    ['Zone', worker.zone],
    ['Host', worker.host],
    ['Release', worker.version],
    ['Joined', `${as.moment(worker.joined_at)} UTC`],
    ['Last heard', worker.heartbeat_age_s == null ? as.NONE : `${as.duration(worker.heartbeat_age_s)} ago`],
    ['Power', as.watts(worker.power_w)],
    ['Energy', as.joules(worker.joules)],
    ['Finished trials', as.count(worker.finished_trials)],
    ['Sessions', as.count(worker.sessions)],
  ];
  return (
    <Dialog title={worker.name} kind="drawer" onClose={onClose}>
      {worker.lost_reason && <p class="empty trouble">{sentence(worker.lost_reason)}</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Slots</h3>
      {worker.slots.map((slot) => (
        <section class="slot-card" key={slot.slot}>
          <p>
            <i class={`slot ${slotClass(worker, slot)}`} aria-hidden="true" /> <b>Slot {slot.slot}</b> {slot.device}, {as.bytes(slot.memory_mb * 1e6)}
          </p>
          <p class="note">
            Told to {slot.role ?? 'nothing yet'}; {slot.power_w == null ? 'no power told yet' : `${as.watts(slot.power_w)} ${slot.power_age_s == null ? '' : `${as.duration(slot.power_age_s)} ago`}`}, by {slot.meter};{' '}
            {slot.temperature_c == null ? 'temperature not told' : `${as.number(slot.temperature_c)} °C`}
            {slot.pace && `; trainings take ${slot.pace.seconds.toFixed(2)} × the mean time here, and ${slot.pace.joules.toFixed(2)} × the energy`}
          </p>
          {slot.task ? (
            <>
              <p>
                <button type="button" class="link" onClick={() => { onClose(); opened.value = slot.task!.trial; }}>
                  Trial {slot.task.trial}
                </button>
                , {fidelityWords(slot.task.fidelity).toLowerCase()}, since {as.hour(slot.task.since)} UTC
                {slot.task.epoch != null && `, epoch ${slot.task.epoch}`}
              </p>
              {slot.task.progress != null && <progress max="1" value={slot.task.progress} aria-label={`Progress of trial ${slot.task.trial}`} />}
              {slot.task.architecture && <p class="code">{shortArchitecture(slot.task.architecture, 90)}</p>}
            </>
          ) : (
            <p class="note">Holds nothing.</p>
          )}
        </section>
      ))}
      <h3>What happened</h3>
      {news.length === 0 ? (
        <Empty>Nothing of this worker lately. Its news appears here as it happens.</Empty>
      ) : (
        <ol class="chronicle">
          {news.slice(0, 40).map((line) => (
            <li key={line.sequence}>
              <time dateTime={line.at}>{as.withSeconds(line.at)}</time>
              <span>{briefly(line.text)}</span>
            </li>
          ))}
        </ol>
      )}
      <h3>Its log</h3>
      <OwnLog worker={worker} />
      {worker.state === 'alive' && (
        <div class="actions">
          <Act path="/api/v1/drain" body={{ worker: worker.name }} name="Drain" sure="It gets nothing new, puts its trainings in safety and leaves." />
        </div>
      )}
    </Dialog>
  );
}

function OwnLog({ worker }: { worker: Worker }) {
  const log = useWorkerLog(worker.name);
  if (!log) return <p class="empty" role="status">Reading its last lines …</p>;
  if (log.lines.length === 0) return <Empty>It has told none of its lines since the coordinator began; the whole log lies on {worker.host}.</Empty>;
  return (
    <ol class="chronicle own-log">
      {log.lines.toReversed().map((line) => (
        <li key={`${line.at} ${line.text}`} class={line.level}>
          <time dateTime={line.at}>{as.withSeconds(line.at)}</time>
          <span>
            {line.level !== 'info' && <b>{sentence(line.level)}: </b>}
            {line.text}
          </span>
        </li>
      ))}
    </ol>
  );
}
