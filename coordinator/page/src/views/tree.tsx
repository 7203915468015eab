// What the search has learnt of its space: regions cut in two, the better half above, with what tells the halves apart.
import { useState } from 'preact/hooks';
import type { Region, Tree } from '../api/types';
import { isFiltered } from '../data/place';
import { useResource } from '../data/resource';
import { study, tree } from '../data/store';
import { optionWords } from '../lib/cell';
import * as as from '../lib/format';
import { fidelityWords } from '../lib/words';
import { Empty, Figure, Panel, Waiting } from '../ui/parts';

const LEAST_STEP_X = 132;
/** A wall has room. */
const WIDE = 1120;
const STEP_Y = 50;
const PAD = 34;

export function TreeView() {
  const found = useResource(tree);
  const now = useResource(study);
  const [looked, setLooked] = useState<number | null>(null);
  if (!found) return <Waiting of={tree} what="the tree" />;
  if (!found.known || found.regions.length === 0) {
    return (
      <Panel title="The search tree">
        <Empty>
          The tree is learnt once enough short or full trainings are finished, and told with the first proposal after this coordinator was started. It appears here by itself.
        </Empty>
      </Panel>
    );
  }
  const chosen = found.regions.find((region) => region.chosen);
  const close = found.regions.find((region) => region.id === looked) ?? chosen ?? found.regions[0]!;
  const leaves = found.regions.filter((region) => region.leaf);
  const space = now?.space.title ?? '';
  return (
    <>
      <dl class="figures">
        <Figure name="Regions" value={as.count(leaves.length)} note={`${as.count(found.regions.length)} with those that were cut`} />
        <Figure name="Samples" value={as.count(found.regions[0]!.samples)} note={`learnt from results of ${fidelityWords(found.fidelity ?? '').toLowerCase()}`} />
        <Figure name="Sought in" value={chosen ? pathWords(chosen) : as.NONE} note={chosen ? `${as.count(chosen.samples)} samples` : 'no region yet'} />
        <Figure name="Told at" value={found.learnt_at ? `${as.hour(found.learnt_at)} UTC` : as.NONE} note={found.learnt_at ? as.date(found.learnt_at) : ''} />
      </dl>
      {isFiltered.value && <p class="note">The tree is learnt from the whole study: filters leave it as it is.</p>}
      <div class="grid front-grid">
        <Panel title="The search tree" note="From the whole space at the left; each cut sends the better half up. The size of a circle is its samples, its shade the hypervolume that they cover; the ring is where candidates are sought.">
          <Drawing tree={found} looked={close.id} onLook={setLooked} />
        </Panel>
        <Panel title={close.parent == null ? 'The whole space' : `Region ${pathWords(close)}`}>
          <dl class="facts">
            <div><dt>Samples</dt><dd>{as.count(close.samples)}</dd></div>
            <div><dt>Under way</dt><dd>{as.count(close.pending)}</dd></div>
            <div><dt>Hypervolume</dt><dd>{as.significant(close.hypervolume, 4)}</dd></div>
            <div><dt>UCB</dt><dd>{as.significant(close.ucb, 4)}</dd></div>
          </dl>
          <CutWords region={close} space={space} />
        </Panel>
      </div>
      <Panel title="Regions">
        <div class="scroll tall" tabIndex={0} role="region" aria-label="Regions">
          <table>
            <thead>
              <tr>
                <th scope="col">Region</th>
                <th scope="col" class="n">Samples</th>
                <th scope="col" class="n">Under way</th>
                <th scope="col" class="n">Hypervolume</th>
                <th scope="col" class="n">UCB</th>
                <th scope="col">How it was cut</th>
              </tr>
            </thead>
            <tbody>
              {found.regions.map((region) => (
                <tr key={region.id} class={region.chosen ? 'chosen' : ''}>
                  <th scope="row">
                    <button type="button" class="link" onClick={() => setLooked(region.id)}>{pathWords(region)}</button>
                    {region.chosen && <span class="badge">sought in</span>}
                  </th>
                  <td class="n">{as.count(region.samples)}</td>
                  <td class="n">{as.count(region.pending)}</td>
                  <td class="n">{as.significant(region.hypervolume, 4)}</td>
                  <td class="n">{as.significant(region.ucb, 4)}</td>
                  <td>{region.cut ? `${optionWords(space, region.cut.decision, region.cut.option)}: ${as.percent(region.cut.better_share, 0)} against ${as.percent(region.cut.worse_share, 0)}` : 'not cut'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </>
  );
}

/** The path of halves, with a minus as wide as the plus. */
const halves = (region: Region): string => region.path.replaceAll('-', '−');
const pathWords = (region: Region): string => (region.parent == null ? 'whole space' : halves(region));

/** Beside a leaf; above a region that was cut, where no branch passes. */
function Label({ region, x, y, r }: { region: Region; x: number; y: number; r: number }) {
  const ucb = region.ucb == null ? '' : `UCB ${as.significant(region.ucb)}`;
  if (!region.leaf) {
    return (
      <text class="count" x={x} y={y - r - 7} text-anchor={region.parent == null ? 'start' : 'middle'}>
        {as.count(region.samples)} <tspan class="ucb">{ucb}</tspan>
      </text>
    );
  }
  return (
    <>
      <text class="count" x={x + r + 11} y={y - 1}>
        {as.count(region.samples)}
      </text>
      <text class="ucb" x={x + r + 11} y={y + 12}>
        {ucb}
      </text>
    </>
  );
}

function CutWords({ region, space }: { region: Region; space: string }) {
  const { cut } = region;
  if (!cut) return <p class="note">A leaf: it was not cut further. {region.chosen && 'Candidates are sought here first.'}</p>;
  return (
    <>
      <p>
        What tells its halves apart most: <b>{optionWords(space, cut.decision, cut.option)}</b>.
      </p>
      <dl class="bars">
        <div>
          <dt>Better half</dt>
          <dd><i class="as-run" style={{ width: `${cut.better_share * 100}%` }} aria-hidden="true" /><span>{as.percent(cut.better_share, 0)} have it</span></dd>
        </div>
        <div>
          <dt>Worse half</dt>
          <dd><i class="at-once" style={{ width: `${cut.worse_share * 100}%` }} aria-hidden="true" /><span>{as.percent(cut.worse_share, 0)} have it</span></dd>
        </div>
      </dl>
      <p class="note">The border itself is a classifier over all decisions; this is the option that differs most between its sides.</p>
    </>
  );
}

function Drawing({ tree: found, looked, onLook }: { tree: Tree; looked: number; onLook(id: number): void }) {
  const children = new Map<number, Region[]>();
  for (const region of found.regions) {
    if (region.parent == null) continue;
    children.set(region.parent, [...(children.get(region.parent) ?? []), region]);
  }
  const rows = new Map<number, number>();
  let next = 0;
  const settle = (region: Region): number => {
    const below = [...(children.get(region.id) ?? [])].sort((a, b) => (a.path.endsWith('+') ? -1 : 1) - (b.path.endsWith('+') ? -1 : 1));
    const places = below.map(settle);
    const row = places.length === 0 ? next++ : places.reduce((sum, place) => sum + place, 0) / places.length;
    rows.set(region.id, row);
    return row;
  };
  settle(found.regions[0]!);
  const depth = Math.max(...found.regions.map((region) => region.depth));
  const most = Math.max(1, ...found.regions.map((region) => region.samples));
  const best = Math.max(...found.regions.map((region) => region.hypervolume)) || 1;
  const STEP_X = Math.max(LEAST_STEP_X, Math.min(290, (Math.min(WIDE, innerWidth - 460) - 2 * PAD) / Math.max(1, depth)));
  const radius = (region: Region) => 8 + 10 * Math.sqrt(region.samples / most);
  const x = (region: Region) => PAD + region.depth * STEP_X;
  const y = (region: Region) => PAD + rows.get(region.id)! * STEP_Y;
  const [width, height] = [2 * PAD + depth * STEP_X + 70, 2 * PAD + Math.max(1, next - 1) * STEP_Y];
  return (
    <div class="scroll tree" tabIndex={0} role="region" aria-label="The search tree">
      <svg width={width} height={height} role="group" aria-label={`${found.regions.length} regions`}>
        {found.regions.filter((region) => region.parent != null).map((region) => {
          const parent = found.regions.find((one) => one.id === region.parent);
          if (!parent) return null;
          const [x1, y1, x2, y2] = [x(parent), y(parent), x(region), y(region)];
          const better = region.path.endsWith('+');
          return <path key={region.id} class={`branch ${better ? 'better' : 'worse'}`} d={`M${x1} ${y1} C${x1 + STEP_X / 2} ${y1} ${x2 - STEP_X / 2} ${y2} ${x2} ${y2}`} />;
        })}
        {found.regions.map((region) => (
          <g
            key={region.id}
            class={`region ${region.chosen ? 'chosen' : ''} ${region.id === looked ? 'looked' : ''}`}
            tabIndex={0}
            role="button"
            aria-label={`${pathWords(region)}: ${region.samples} samples, UCB ${as.significant(region.ucb)}`}
            onClick={() => onLook(region.id)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' && event.key !== ' ') return;
              event.preventDefault();
              onLook(region.id);
            }}
          >
            <circle class="ring" cx={x(region)} cy={y(region)} r={radius(region) + 4} />
            <circle class="paper" cx={x(region)} cy={y(region)} r={radius(region)} />
            <circle class="body" cx={x(region)} cy={y(region)} r={radius(region)} fill-opacity={0.12 + 0.88 * (region.hypervolume / best) ** 3} />
          </g>
        ))}
        <g aria-hidden="true">
          {found.regions.map((region) => (
            <Label key={region.id} region={region} x={x(region)} y={y(region)} r={radius(region)} />
          ))}
        </g>
      </svg>
    </div>
  );
}
