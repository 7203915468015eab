// Three charts over the same hours: intensity with its forecast, allocation, energy. Each hour is a step; times are UTC.
import uPlot from 'uplot';
import type { Zone } from '../api/types';
import { colour } from '../data/theme';
import { carbonColour } from '../lib/carbon-scale';
import * as as from '../lib/format';
import { medianIndex } from '../lib/outlook';
import { axis, Chart, mark, type Series } from '../ui/chart';

export type Span = '48' | '168' | 'all';
const HOUR_S = 3600;
const stepped = uPlot.paths.stepped!({ align: 1 });

/** Hours in view: so many of the past, and at most as many ahead. */
function hours(zone: Zone, hour: string, span: Span): { history: Zone['history']; ahead: NonNullable<Zone['forecast']>['hours']; from: number; to: number } {
  const now = as.seconds(hour);
  const back = span === 'all' ? Infinity : Number(span);
  const forward = span === '48' ? 36 : span === '168' ? 72 : 168;
  const history = zone.history.filter((one) => now - as.seconds(one.hour) < back * HOUR_S);
  const ahead = (zone.forecast?.hours ?? []).filter((one) => as.seconds(one.hour) > now && as.seconds(one.hour) - now <= forward * HOUR_S);
  const from = history[0] ? as.seconds(history[0].hour) : now;
  const last = ahead[ahead.length - 1];
  return { history, ahead, from, to: (last ? as.seconds(last.hour) : now) + HOUR_S };
}

const x = (zone: Zone, hour: string, span: Span): uPlot.Scale => {
  const { from, to } = hours(zone, hour, span);
  return { time: true, range: [from, to] };
};

const time = (): uPlot.Axis =>
  axis({
    space: 62,
    values: (_, splits) => splits.map((value, at) => {
      const iso = new Date(value * 1000).toISOString();
      const before = at > 0 ? new Date(splits[at - 1]! * 1000).toISOString().slice(0, 10) : '';
      return before === iso.slice(0, 10) ? as.hour(iso) : `${as.hour(iso)}\n${as.date(iso)}`;
    }),
    size: 42,
  });

const when = (_: uPlot, value: number | null) => (value == null ? '' : `${as.moment(new Date(value * 1000).toISOString())} UTC`);
const utc = (value: number) => uPlot.tzDate(new Date(value * 1000), 'Etc/UTC');

export function IntensityChart({ zone, hour, span }: { zone: Zone; hour: string; span: Span }) {
  const { history, ahead, to } = hours(zone, hour, span);
  const levels = zone.forecast?.levels ?? [];
  const outer: [number, number] = [0, levels.length - 1];
  const closest = (wanted: number) => levels.reduce((best, level, at) => (Math.abs(level - wanted) < Math.abs(levels[best]! - wanted) ? at : best), 0);
  const inner: [number, number] = [closest(0.25), closest(0.75)];
  const times = [...history.map((one) => as.seconds(one.hour)), ...ahead.map((one) => as.seconds(one.hour))];
  const last = history[history.length - 1];
  const quantile = (at: number) => [
    ...history.map((one) => (one === last ? one.g_per_kwh : null)),
    ...ahead.map((one) => one.quantiles[at] ?? null),
    ahead.length > 0 ? (ahead[ahead.length - 1]!.quantiles[at] ?? null) : null,
  ];
  const seen = [...history.map((one) => one.g_per_kwh), ahead.length > 0 ? last?.g_per_kwh ?? null : last?.g_per_kwh ?? null, ...ahead.slice(1).map(() => null), null];
  const data: Series = [[...times, to], seen.slice(0, times.length + 1), quantile(medianIndex(levels)), quantile(outer[0]), quantile(outer[1]), quantile(inner[0]), quantile(inner[1])];
  const band = `${as.number((levels[0] ?? 0) * 100)} to ${as.number((levels[levels.length - 1] ?? 1) * 100)} %`;
  const now = as.seconds(hour);
  return (
    <Chart
      shape={`${span}|${zone.zone}|${hour}|${levels.length}`}
      height={210}
      data={data}
      label={`Intensity of ${zone.zone}: ${as.intensity(zone.g_per_kwh)} now; ${history.length} hours known, ${ahead.length} ahead with a band of ${band}`}
      build={() => ({
        scales: { x: x(zone, hour, span), y: { range: (_, _low, high) => [0, Math.max(50, high * 1.08)] } },
        tzDate: utc,
        legend: { show: true, live: true },
        cursor: { y: false },
        axes: [time(), axis({ side: 3, name: 'g/kWh' })],
        plugins: [mark(() => now + HOUR_S, 'forecast'), strip()],
        bands: [{ series: [4, 3], fill: colour('band') }, { series: [6, 5], fill: colour('band') }],
        series: [
          { label: 'hour', value: when },
          { label: 'intensity', stroke: colour('intensity'), width: 2, paths: stepped, points: { show: false }, value: grams },
          { label: 'forecast (median)', stroke: colour('intensity'), dash: [5, 4], width: 1.5, paths: stepped, points: { show: false }, value: grams },
          { label: `band, ${as.number((levels[0] ?? 0) * 100)} %`, stroke: colour('band-edge'), width: 0.5, paths: stepped, points: { show: false }, value: grams },
          { label: `${as.number((levels[levels.length - 1] ?? 1) * 100)} %`, stroke: colour('band-edge'), width: 0.5, paths: stepped, points: { show: false }, value: grams },
          { label: `${as.number((levels[inner[0]] ?? 0) * 100)} %`, class: 'quiet', stroke: 'transparent', paths: stepped, points: { show: false }, value: grams },
          { class: 'quiet', label: `${as.number((levels[inner[1]] ?? 1) * 100)} %`, stroke: 'transparent', paths: stepped, points: { show: false }, value: grams },
        ],
      })}
    />
  );
}

/** Below the curve, each hour in the colour of its intensity; paler where it is forecast. */
function strip(): uPlot.Plugin {
  return {
    hooks: {
      draw: (self) => {
        const [times, seen, ahead] = self.data as [number[], (number | null)[], (number | null)[]];
        const { left, top, width, height } = self.bbox;
        const thick = 6 * uPlot.pxRatio;
        times.slice(0, -1).forEach((time, at) => {
          const value = seen[at] ?? ahead?.[at];
          if (value == null) return;
          const from = Math.max(left, self.valToPos(time, 'x', true));
          const to = Math.min(left + width, self.valToPos(times[at + 1]!, 'x', true));
          if (to <= from) return;
          self.ctx.fillStyle = carbonColour(value);
          self.ctx.fillRect(from, top + height - thick, to - from, thick);
        });
      },
    },
  };
}

const grams = (_: uPlot, value: number | null) => (value == null ? '' : `${as.number(value)} g/kWh`);

/** Values of several kinds, one upon the other, each hour a field. */
function Stack({ zone, hour, span, kinds, value, name, label, write }: {
  zone: Zone;
  hour: string;
  span: Span;
  kinds: string[];
  value(one: Zone['history'][number], kind: string): number;
  name: string;
  label: string;
  write(value: number): string;
}) {
  const { history } = hours(zone, hour, span);
  const times = history.map((one) => as.seconds(one.hour));
  const end = (times[times.length - 1] ?? 0) + HOUR_S;
  const sums = history.map(() => 0);
  const layers = kinds.map((kind) =>
    history.map((one, at) => {
      sums[at] = sums[at]! + value(one, kind);
      return sums[at]!;
    }),
  );
  // The topmost is drawn first; each further one covers what is its own.
  const reversed = [...layers].reverse().map((layer) => [...layer, layer[layer.length - 1] ?? 0]);
  const colours = [...kinds].reverse();
  return (
    <Chart
      shape={`${span}|${zone.zone}|${hour}|${name}`}
      height={130}
      data={[[...times, end], ...reversed] as Series}
      label={label}
      build={() => ({
        scales: { x: x(zone, hour, span), y: { range: (_, _low, high) => [0, high > 0 ? high : 1] } },
        tzDate: utc,
        legend: { show: false },
        cursor: { y: false },
        axes: [time(), axis({ side: 3, name, values: (_, splits) => splits.map(write) })],
        series: [
          { label: 'hour', value: when },
          ...colours.map((kind) => ({ label: kind, fill: colour(kind), stroke: colour(kind), width: 0, paths: stepped, points: { show: false } })),
        ],
      })}
    />
  );
}

/** Without the zeros that only align. */
const brief = (value: number): string => String(Number(value.toPrecision(3)));

export function AllocationChart({ zone, hour, span }: { zone: Zone; hour: string; span: Span }) {
  const last = zone.allocation;
  return (
    <Stack
      zone={zone}
      hour={hour}
      span={span}
      kinds={['train', 'sample', 'rest']}
      value={(one, kind) => one.allocation?.[kind as 'train' | 'sample' | 'rest'] ?? 0}
      name="slots"
      write={brief}
      label={`Allocation of ${zone.zone} by hour${last ? `; now train ${last.train}, sample ${last.sample}, rest ${last.rest}` : ''}`}
    />
  );
}

export function EnergyChart({ zone, hour, span }: { zone: Zone; hour: string; span: Span }) {
  const most = Math.max(...zone.history.map((one) => one.kwh), 0);
  const [factor, unit] = most < 0.001 ? [1e6, 'mWh'] : most < 1 ? [1000, 'Wh'] : [1, 'kWh'];
  return (
    <Stack
      zone={zone}
      hour={hour}
      span={span}
      kinds={['full', 'rung', 'one-shot', 'supernet', 'idle']}
      value={(one, kind) => (one.kwh_by_fidelity[kind] ?? 0) * factor}
      name={unit}
      write={brief}
      label={`Energy used in ${zone.zone} by hour and fidelity; ${as.kwh(zone.spent.kwh)} in all, ${as.grams(zone.spent.gco2eq)} CO₂eq`}
    />
  );
}
