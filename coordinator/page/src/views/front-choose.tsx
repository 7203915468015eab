// Which network to take. Each rule says in a sentence what it does; the answer follows the filters and the front as they change.
import { useEffect, useState } from 'preact/hooks';
import type { Front } from '../api/types';
import { compared, isWithin, opened, ranges, setRange, toggleCompared } from '../data/place';
import { constrained, knee, weighted, type Option } from '../lib/choose';
import { quantity } from '../lib/words';
import { Network } from '../ui/cell';
import { Choice, Empty, Panel, Switch } from '../ui/parts';

type Rule = 'knee' | 'weights' | 'limits';

const SAYS: Record<Rule, string> = {
  knee: 'The network furthest below the line through the extremes: beyond it, a little more of one objective costs much of another.',
  weights: 'The network whose worst weighted distance from the best of each objective is least.',
  limits: 'The best in one objective among those that keep all limits. The limits are the filters of every view.',
};

export function Choose({ front, chosen, onChosen }: { front: Front; chosen: number | null; onChosen(trial: number | null): void }) {
  const [rule, setRule] = useState<Rule>('knee');
  const [weights, setWeights] = useState<number[]>(() => front.objectives.map(() => 50));
  const [goal, setGoal] = useState(front.objectives[0] ?? '');
  const admitted: Option[] = front.members.filter((member) => isWithin(front.objectives, member.objectives));
  const answer = choose();
  const member = front.members.find((one) => one.trial === answer?.trial);
  useEffect(() => onChosen(answer?.trial ?? null), [answer?.trial]);

  function choose(): Option | null {
    if (rule === 'knee') return knee(admitted);
    if (rule === 'weights') return weighted(admitted, weights);
    return constrained(admitted, [], Math.max(0, front.objectives.indexOf(goal)));
  }

  return (
    <Panel title="Choose" kind="choose">
      <Switch label="Rule" value={rule} options={[['knee', 'Knee'], ['weights', 'Weights'], ['limits', 'Limits']]} onChange={setRule} />
      <p class="note">{SAYS[rule]}</p>
      {rule === 'weights' &&
        front.objectives.map((name, at) => (
          <label class="slider" key={name}>
            <span>{quantity(name).name}</span>
            <input
              type="range"
              min="0"
              max="100"
              value={weights[at]}
              onInput={(event) => {
                const value = Number(event.currentTarget.value);
                setWeights(weights.map((one, index) => (index === at ? value : one)));
              }}
            />
            <output>{weights[at]}</output>
          </label>
        ))}
      {rule === 'limits' && (
        <>
          <Choice label="Best in" value={goal} options={front.objectives.map((name) => [name, quantity(name).name])} onChange={setGoal} />
          {front.objectives.map((name, at) => (
            <Limit key={name} name={name} members={front.members.map((one) => one.objectives[at]!)} />
          ))}
        </>
      )}
      {member ? (
        <div class="answer" aria-live="polite">
          <p>
            Trial <b>{member.trial}</b>
          </p>
          <dl>
            {front.objectives.map((name, at) => (
              <div key={name}>
                <dt>{quantity(name).name}</dt>
                <dd>{quantity(name).write(member.objectives[at])}</dd>
              </div>
            ))}
          </dl>
          <Network text={member.architecture} />
          <div class="actions">
            <button type="button" class="main" aria-pressed={compared.value.includes(member.trial)} onClick={() => toggleCompared(member.trial)}>
              {compared.value.includes(member.trial) ? 'Picked' : 'Pick it'}
            </button>
            <button type="button" onClick={() => (opened.value = chosen)}>
              Look closely
            </button>
          </div>
        </div>
      ) : (
        <Empty>{front.members.length === 0 ? 'There is something to choose once a full training is finished.' : 'No network of the front keeps all limits: loosen one.'}</Empty>
      )}
    </Panel>
  );
}

/** An upper limit, between the best and the worst of the front. */
function Limit({ name, members }: { name: string; members: number[] }) {
  const [low, high] = [Math.min(...members), Math.max(...members)];
  const limit = ranges.value[name]?.[1];
  const value = limit === undefined || !Number.isFinite(limit) ? high : limit;
  const place = high > low ? Math.round(((Math.min(high, Math.max(low, value)) - low) / (high - low)) * 100) : 100;
  return (
    <label class="slider">
      <span>{quantity(name).name}, at most</span>
      <input
        type="range"
        min="0"
        max="100"
        value={place}
        onInput={(event) => {
          const at = Number(event.currentTarget.value);
          setRange(name, at >= 100 ? null : [-Infinity, low + ((high - low) * at) / 100]);
        }}
      />
      <output>{quantity(name).write(value)}</output>
    </label>
  );
}
