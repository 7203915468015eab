// What was found: networks in the plane or in space, ways to choose one, and those that were picked side by side.
import { useState } from 'preact/hooks';
import type { Front, FrontMember } from '../api/types';
import { compared, fidelity, isWithin, MOST_COMPARED, opened, toggleCompared } from '../data/place';
import { useResource } from '../data/resource';
import { front } from '../data/store';
import * as as from '../lib/format';
import { quantity, shortArchitecture } from '../lib/words';
import { Choice, Empty, Figure, Legend, Panel, Switch, Waiting } from '../ui/parts';
import { Scatter, type Dot, type Member } from '../ui/scatter';
import { Space } from '../ui/space';
import { Choose } from './front-choose';
import { Compare } from './front-compare';

/** Beyond objectives: what is known of members of the front only. */
const FACTS = ['parameters', 'flops', 'latency_ms', 'joules_per_inference', 'test_error', 'joules'] as const;

export function FrontView() {
  const found = useResource(front);
  const [axes, setAxes] = useState<(string | null)[]>([null, null, null]);
  const [dimensions, setDimensions] = useState<'2' | '3'>('2');
  const [chosen, setChosen] = useState<number | null>(null);
  if (!found) return <Waiting of={front} what="the front" />;
  if (found.members.length === 0 && found.evaluated.length === 0) {
    return (
      <Panel title="The front">
        <Empty>Nothing is trained yet. The first short trainings appear here, and the front begins with the first full one.</Empty>
      </Panel>
    );
  }
  const choices = [...found.objectives, ...FACTS.filter((fact) => !found.objectives.includes(fact) && found.members.some((member) => member[fact] != null))];
  const cost = found.objectives[1] ?? choices[1] ?? choices[0]!;
  const [x, y, z] = [axes[0] ?? cost, axes[1] ?? found.objectives[0]!, axes[2] ?? choices.find((one) => !found.objectives.slice(0, 2).includes(one)) ?? cost];
  const members = found.members.map((member) => asMember(found, member, x, y, z));
  const dots = asDots(found, x, y, z);
  const within = members.filter((member) => member.within);
  const pick = (at: number) => (value: string) => setAxes(axes.map((one, index) => (index === at ? value : one)));
  const options = choices.map((name): [string, string] => [name, quantity(name).name]);
  return (
    <>
      <dl class="figures">
        <Figure name="On the front" value={as.count(found.members.length)} note={`${as.count(within.length)} within the filters`} />
        <Figure name="Trained" value={as.count(found.evaluated_total)} note="short and full trainings" />
        <Figure name="Hypervolume" value={as.percent(found.hypervolume_share, 2)} note="of the reference box" />
        {found.objectives.map((name, at) => (
          <Figure key={name} name={`Best ${quantity(name).name.toLowerCase()}`} value={best(found, at, name)} note={`reference ${quantity(name).write(found.reference[at])}`} />
        ))}
      </dl>
      <div class="grid front-grid">
        <Panel
          title="Networks"
          note={
            <>
              {dimensions === '2' ? 'Drag over the chart to keep what lies in the box; the limits hold on every view.' : 'Drag, or use the arrow keys, to turn it.'}
              {found.evaluated.length < found.evaluated_total && ` The latest ${as.count(found.evaluated.length)} of ${as.count(found.evaluated_total)} trainings are drawn.`}
            </>
          }
          aside={
            <div class="controls">
              <Switch label="Dimensions" value={dimensions} options={[['2', '2-D'], ['3', '3-D']]} onChange={setDimensions} />
              <Choice label="Across" value={x} options={options} onChange={pick(0)} />
              <Choice label="Up" value={y} options={options} onChange={pick(1)} />
              {dimensions === '3' && <Choice label="Deep" value={z} options={options} onChange={pick(2)} />}
            </div>
          }
        >
          {dimensions === '2' ? <Scatter x={x} y={y} dots={dots} members={members} chosen={chosen} /> : <Space names={[x, y, z]} dots={dots} members={members} chosen={chosen} />}
          <Legend items={[['member', 'on the front'], ['full', 'full training'], ['rung', 'short training (rung)']]} />
          {![x, y].every((name) => found.objectives.includes(name)) && <p class="note">Only networks on the front have this figure.</p>}
        </Panel>
        <Choose front={found} chosen={chosen} onChosen={setChosen} />
      </div>
      <Compare front={found} />
      <Members front={found} chosen={chosen} />
    </>
  );
}

const best = (found: Front, at: number, name: string) =>
  found.members.length === 0 ? as.NONE : quantity(name).write(Math.min(...found.members.map((member) => member.objectives[at]!)));

function figure(found: Front, member: FrontMember, name: string): number {
  const at = found.objectives.indexOf(name);
  if (at >= 0) return member.objectives[at]!;
  return (member[name as (typeof FACTS)[number]] as number | null | undefined) ?? NaN;
}

function asMember(found: Front, member: FrontMember, x: string, y: string, z: string): Member & { z: number } {
  return {
    trial: member.trial,
    x: figure(found, member, x),
    y: figure(found, member, y),
    z: figure(found, member, z),
    fidelity: 'full',
    within: isWithin(found.objectives, member.objectives) && (fidelity.value === null || fidelity.value === 'full'),
    given: member.given,
    name: member.architecture,
  };
}

function asDots(found: Front, x: string, y: string, z: string): (Dot & { z: number })[] {
  const [ix, iy, iz] = [x, y, z].map((name) => found.objectives.indexOf(name)) as [number, number, number];
  if (ix < 0 || iy < 0) return [];
  return found.evaluated.map((one) => ({
    trial: one.trial,
    x: one.objectives[ix]!,
    y: one.objectives[iy]!,
    z: iz < 0 ? NaN : one.objectives[iz]!,
    fidelity: one.fidelity,
    within: isWithin(found.objectives, one.objectives) && (fidelity.value === null || fidelity.value === one.fidelity),
  }));
}

function Members({ front: found, chosen }: { front: Front; chosen: number | null }) {
  const [sort, setSort] = useState<{ by: string; down: boolean }>({ by: found.objectives[0] ?? 'trial', down: false });
  const columns = [...found.objectives, ...(['test_error', 'joules'] as const).filter((name) => found.members.some((member) => member[name] != null))];
  const value = (member: FrontMember, by: string) => (by === 'trial' ? member.trial : by === 'contribution' ? member.contribution : figure(found, member, by));
  const rows = found.members
    .filter((member) => isWithin(found.objectives, member.objectives))
    .sort((a, b) => (value(a, sort.by) - value(b, sort.by)) * (sort.down ? -1 : 1));
  const head = (by: string, name: string) => (
    <th scope="col" class="n" key={by} aria-sort={sort.by === by ? (sort.down ? 'descending' : 'ascending') : 'none'}>
      <button type="button" onClick={() => setSort({ by, down: sort.by === by && !sort.down })}>
        {name}
      </button>
    </th>
  );
  return (
    <Panel title="The front" note={`${as.count(rows.length)} of ${as.count(found.members.length)} networks lie within the filters. Tick up to ${MOST_COMPARED} to see them side by side.`}>
      <div class="scroll tall" tabIndex={0} role="region" aria-label="Networks on the front">
        <table class="sortable">
          <thead>
            <tr>
              <th scope="col">Pick</th>
              {head('trial', 'Trial')}
              {columns.map((name) => head(name, quantity(name).name))}
              {head('contribution', 'Covers alone')}
              <th scope="col">Architecture</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((member) => (
              <tr key={member.trial} class={member.trial === chosen ? 'chosen' : ''}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Compare trial ${member.trial}`}
                    checked={compared.value.includes(member.trial)}
                    onChange={() => toggleCompared(member.trial)}
                  />
                </td>
                <td class="n">
                  <button type="button" class="link" onClick={() => (opened.value = member.trial)}>
                    {member.trial}
                  </button>
                </td>
                {columns.map((name) => (
                  <td class="n" key={name}>
                    {quantity(name).write(figure(found, member, name))}
                  </td>
                ))}
                <td class="n">{as.percent(found.hypervolume > 0 ? member.contribution / found.hypervolume : null, 2)}</td>
                <td class="code" title={member.architecture}>
                  {shortArchitecture(member.architecture, 60)}
                </td>
                <td>{member.given ? 'given' : member.origin}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
