// How the study stands, for a glance at a wall and for a phone: what the fleet does and why, what was found for how much, what is left.
import type { ScoreQuality, Study, Zones } from '../api/types';
import { chronicle } from '../data/live';
import { fidelity, hrefOf, zone } from '../data/place';
import { useResource } from '../data/resource';
import { hypervolume, study, zones } from '../data/store';
import * as as from '../lib/format';
import { activity, gridSentence } from '../lib/outlook';
import { briefly, budgetName, budgetValue, fidelityClass, sentence } from '../lib/words';
import { Empty, Fidelity, Figure, Panel, Waiting } from '../ui/parts';
import { BurnDown, Growth } from './overview-charts';
import { Strips } from './overview-strips';

export function Overview() {
  const now = useResource(study);
  const grown = useResource(hypervolume);
  const grid = useResource(zones);
  if (!now) return <Waiting of={study} what="the study" />;
  return (
    <>
      <Now study={now} zones={grid} />
      <Figures study={now} zones={grid} />
      <div class="grid three">
        <Growth of={grown} against="time" />
        <Growth of={grown} against="carbon" />
        <Budgets study={now} grown={<BurnDown of={grown} study={now} />} />
        <Strips of={grid} />
        <Work study={now} />
        <Chronicle />
      </div>
    </>
  );
}

function Now({ study: now, zones: grid }: { study: Study; zones: Zones | null }) {
  const { fleet } = now;
  const kinds: [string, string, number][] = [
    ['train', 'training', fleet.training],
    ['sample', 'sampling', fleet.scoring],
    ['ready', 'ready', fleet.ready],
    ['rest', 'resting', fleet.resting],
  ];
  const works = now.state === 'running' && fleet.slots > 0;
  const outlook = grid ? gridSentence(grid, zone.value) : '';
  return (
    <section class="now" aria-label="What the fleet is doing now">
      <p class="doing">
        {works ? activity(fleet) : now.doing.replace(/\.$/, '')}
        {now.state !== 'finished' && outlook && <>: {outlook}</>}
      </p>
      {works && (
        <div class="slots" aria-hidden="true">
          {kinds.filter(([, , number]) => number > 0).map(([kind, name, number]) => (
            <span key={kind} class={kind} style={{ flexGrow: String(number) }}>
              {number / fleet.slots > 0.09 ? `${name} ${number}` : ''}
            </span>
          ))}
        </div>
      )}
      <p class="why">
        {now.state_reason && <span>{sentence(as.readable(now.state_reason))}. </span>}
        {now.allocation_reason && now.state === 'running' && (
          <>
            <b>{sentence(now.policy ?? 'policy')}</b> {now.allocation_reason}
          </>
        )}
        {!now.allocation_reason && now.state === 'running' && 'The first allocation is decided once an hour of the grid is known.'}
      </p>
    </section>
  );
}

function Figures({ study: now, zones: grid }: { study: Study; zones: Zones | null }) {
  const full = now.trials.find((counts) => counts.fidelity === 'full');
  const saved = grid?.counterfactual;
  return (
    <dl class="figures">
      <Figure name="Hypervolume" value={as.percent(now.hypervolume_share, 2)} note="of the box below the reference point" />
      <Figure name="On the front" value={as.count(now.front_size)} note={now.front_size === 1 ? 'network' : 'networks'} />
      <Figure name="Full trainings" value={as.count(full?.finished ?? 0)} note={`${as.count(full?.running ?? 0)} running, ${as.count(full?.waiting ?? 0)} waiting`} />
      <Figure name="Emitted" value={`${as.grams(now.energy.gco2eq)}`} note={`CO₂eq; ${as.grams(now.training.gco2eq)} by training`} />
      <Figure name="Energy" value={as.kwh(now.energy.kwh)} note={now.energy_estimated_share > 0.005 ? `${as.percent(now.energy_estimated_share, 0)} of it estimated` : 'measured'} />
      <Figure
        name={(saved?.avoided_share ?? 0) >= 0 ? 'Avoided, by calculation' : 'Added, by calculation'}
        value={saved?.avoided_share == null ? as.NONE : as.percent(Math.abs(saved.avoided_share), 0)}
        note={<>of CO₂eq, against the <a href={hrefOf('carbon')}>same work at once</a></>}
      />
      <Figure name="Expected end" value={now.state === 'finished' ? 'ended' : now.eta ? as.duration((Date.parse(now.eta.at) - Date.parse(now.now)) / 1000) : as.NONE} note={eta(now)} />
    </dl>
  );
}

function eta(now: Study): string {
  if (now.finished_at) return `at ${as.moment(now.finished_at)} UTC`;
  if (!now.eta) return 'no limit is in sight';
  return `${as.near(now.eta.at, now.now)} UTC, by ${budgetName(now.eta.of).toLowerCase()}, ${now.eta.method}`;
}

function Budgets({ study: now, grown }: { study: Study; grown: preact.ComponentChildren }) {
  const limited = now.budgets.filter((budget) => budget.limit !== null && budget.limit !== undefined);
  return (
    <Panel title="Budgets" note="What is left of each, and how it went. The study ends with the first that is used up.">
      {limited.length === 0 && <Empty>No budget is limited: the study goes on until somebody ends it.</Empty>}
      {grown}
      <ul class="budgets">
        {now.budgets.map((budget) => {
          const share = budget.limit ? Math.min(1, budget.spent / budget.limit) : null;
          return (
            <li key={budget.of}>
              <span class="name">
                <i class={`key budget-${budget.of}`} aria-hidden="true" />
                {budgetName(budget.of)}
              </span>
              {share === null ? <span /> : (
                <span class="meter" aria-hidden="true">
                  <i class={`budget-${budget.of}`} style={{ width: `${share * 100}%` }} />
                </span>
              )}
              <span class="text">
                {budgetValue(budget.of, budget.spent)}
                {budget.limit == null ? ', no limit' : ` of ${budgetValue(budget.of, budget.limit)}`}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function Work({ study: now }: { study: Study }) {
  const states = ['waiting', 'running', 'suspended', 'finished', 'given', 'failed'] as const;
  const shown = states.filter((state) => state === 'finished' || state === 'running' || state === 'waiting' || now.trials.some((line) => line[state] > 0));
  return (
    <Panel title="Trials" aside={<a href={hrefOf('trials')}>All trials</a>}>
      <div class="scroll" tabIndex={0} role="region" aria-label="Trials by fidelity and state">
        <table>
          <thead>
            <tr>
              <th scope="col">Fidelity</th>
              {shown.map((state) => (
                <th scope="col" class="n" key={state}>
                  {sentence(state)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {now.trials.filter((line) => fidelity.value === null || fidelityClass(line.fidelity) === fidelityClass(fidelity.value)).map((line) => (
              <tr key={line.fidelity} class={fidelityClass(line.fidelity)}>
                <th scope="row">
                  <Fidelity of={line.fidelity} />
                </th>
                {shown.map((state) => (
                  <td class="n" key={state}>
                    {line[state] === 0 ? <span class="nothing">0</span> : as.count(line[state])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">
        {now.space.title}, {as.count(now.space.decisions)} decisions{now.space.size ? `, ${as.large(now.space.size)} encodings` : ''}; seed {now.seed}; evaluated by{' '}
        {now.rehearsed ? 'a formula (a rehearsal: nothing is trained)' : now.evaluator}.
      </p>
      {now.scores && <p class="note">{scoreWords(now.scores)}</p>}
    </Panel>
  );
}

function scoreWords({ networks, kendall_tau, recall_of_top_tenth, trusted }: ScoreQuality): string {
  const found = `Of ${as.count(networks)} networks with a score and a full training, Kendall’s τ between the two is ${kendall_tau.toFixed(2)}; ${as.percent(recall_of_top_tenth, 0)} of the best tenth scored in the best tenth.`;
  return trusted ? found : `${found} Scores say nothing here, and no longer decide what is trained.`;
}

function Chronicle() {
  const lines = chronicle.value.slice(0, 12);
  return (
    <Panel title="What happened" note="As it happens; times are UTC.">
      {lines.length === 0 ? (
        <Empty>Nothing since this page was opened. News appears here by itself.</Empty>
      ) : (
        <ol class="chronicle">
          {lines.map((line) => (
            <li key={line.sequence}>
              <time dateTime={line.at}>{as.withSeconds(line.at)}</time>
              <span>{briefly(line.text)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
