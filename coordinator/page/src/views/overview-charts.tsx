// Hypervolume against time and carbon, and what was left of the budgets by then.
import uPlot from 'uplot';
import type { Hypervolume, Study } from '../api/types';
import { colour } from '../data/theme';
import * as as from '../lib/format';
import { budgetName } from '../lib/words';
import { axis, Chart, FEW_POINTS, told, type Series } from '../ui/chart';
import { hypervolume } from '../data/store';
import { Empty, Panel, Waiting } from '../ui/parts';

const stepped = uPlot.paths.stepped!({ align: 1 });

export function Growth({ of, against }: { of: Hypervolume | null; against: 'time' | 'carbon' }) {
  const title = against === 'time' ? 'Hypervolume against time' : 'Hypervolume against carbon';
  if (!of) return <Panel title={title}><Waiting of={hypervolume} what="the hypervolume" /></Panel>;
  const points = of.history;
  if (points.length === 0) {
    return (
      <Panel title={title}>
        <Empty>The curve begins with the first full training that is finished.</Empty>
      </Panel>
    );
  }
  const largest = points[points.length - 1]!.kg_co2eq;
  const inGrams = largest < 1;
  const x = points.map((point) => (against === 'time' ? point.grid_hours : point.kg_co2eq * (inGrams ? 1000 : 1)));
  const data: Series = [x, points.map((point) => point.share * 100)];
  const last = points[points.length - 1]!;
  const unit = against === 'time' ? 'grid hours since the start' : inGrams ? 'g CO₂eq' : 'kg CO₂eq';
  return (
    <Panel title={title}>
      <Chart
        shape={`${against}${inGrams}`}
        height={innerWidth >= 1500 ? 340 : 230}
        data={data}
        label={`${title}: ${as.percent(last.share, 2)} of the reference box after ${as.number(last.grid_hours, 1)} grid hours, ${as.kwh(last.kwh)} and ${as.grams(last.kg_co2eq * 1000)} CO₂eq, from ${points.length} points`}
        build={() => ({
          scales: { x: { time: false, range: (_, _low, high) => [0, high] }, y: {} },
          legend: { show: true, live: true },
          cursor: { y: false },
          axes: [axis({ name: unit }), axis({ side: 3, name: '% of the reference box' })],
          series: [
            { label: against === 'time' ? 'grid hours' : unit, value: told((value) => as.significant(value)) },
            {
              label: 'hypervolume',
              value: told((value) => `${as.number(value, 3)} %`),
              stroke: colour('full'),
              width: 2,
              paths: stepped,
              points: FEW_POINTS,
            },
          ],
        })}
      />
    </Panel>
  );
}

const BUDGETS = ['carbon', 'energy', 'hours', 'trainings', 'hypervolume'] as const;

/** What was left of each limited budget as each training ended, and is left now. */
export function BurnDown({ of, study }: { of: Hypervolume | null; study: Study }) {
  const limits = new Map(study.budgets.filter((one) => one.limit).map((one) => [one.of, one]));
  const shown = BUDGETS.filter((name) => limits.has(name));
  if (!of || shown.length === 0) return null;
  const left = (spent: number, limit: number) => Math.max(0, 100 * (1 - spent / limit));
  const spent = (name: string, point: Hypervolume['history'][number]) =>
    ({ carbon: point.kg_co2eq * 1000, energy: point.kwh, hours: point.grid_hours, trainings: point.trainings, hypervolume: point.hypervolume })[name] ?? 0;
  const x = [0, ...of.history.map((point) => point.grid_hours), study.grid_hours];
  const lines = shown.map((name) => {
    const { limit, spent: now } = limits.get(name)!;
    return [100, ...of.history.map((point) => left(spent(name, point), limit!)), left(now, limit!)];
  });
  return (
    <Chart
      shape={shown.join()}
      height={170}
      data={[x, ...lines]}
      label={`Budgets left: ${shown.map((name, at) => `${budgetName(name)} ${as.number(lines[at]![lines[at]!.length - 1]!, 0)} %`).join(', ')}`}
      build={() => ({
        scales: { x: { time: false }, y: { range: [0, 102] } },
        legend: { show: true, live: true },
        cursor: { y: false },
        axes: [axis({ name: 'grid hours since the start' }), axis({ side: 3, name: '% left' })],
        series: [
          { label: 'at', value: told((value) => `${as.number(value, 1)} h`) },
          ...shown.map((name) => ({
            label: budgetName(name).toLowerCase(),
            stroke: colour(`budget-${name}`),
            width: 2,
            value: told((value) => `${as.number(value, 1)} %`),
            points: { show: false },
          })),
        ],
      })}
    />
  );
}
