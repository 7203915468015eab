// Where the reader is: view, filters, what is chosen. All of it stands in the address, so that it can be sent to somebody, and the
// browser's own keys lead back.
import { batch, computed, effect, signal } from '@preact/signals';

export const VIEWS = ['overview', 'front', 'carbon', 'trials', 'workers', 'tree'] as const;
export type View = (typeof VIEWS)[number];

export const FIDELITIES = ['supernet', 'one_shot', 'rung', 'full'] as const;
export type FidelityName = (typeof FIDELITIES)[number];
/** Bounds of one objective, both included; infinite where there is none. */
export type Range = [number, number];

export const view = signal<View>('overview');
export const fidelity = signal<FidelityName | null>(null);
export const zone = signal<string | null>(null);
export const ranges = signal<Record<string, Range>>({});
/** Trials that stand side by side. */
export const compared = signal<number[]>([]);
/** The trial that is looked at closely. */
export const opened = signal<number | null>(null);

export const MOST_COMPARED = 4;
export const isFiltered = computed(() => fidelity.value !== null || zone.value !== null || Object.keys(ranges.value).length > 0);

export function clearFilters(): void {
  batch(() => {
    fidelity.value = null;
    zone.value = null;
    ranges.value = {};
  });
}

export function setRange(name: string, range: Range | null): void {
  const { [name]: _, ...others } = ranges.value;
  const isWide = range === null || (range[0] === -Infinity && range[1] === Infinity);
  ranges.value = isWide ? others : { ...others, [name]: range };
}

/** Whether a point lies within all ranges; `names` are those of its values. */
export function isWithin(names: string[], values: number[]): boolean {
  return Object.entries(ranges.value).every(([name, [low, high]]) => {
    const value = values[names.indexOf(name)];
    return value === undefined || (value >= low && value <= high);
  });
}

export function toggleCompared(trial: number): void {
  const now = compared.value;
  compared.value = now.includes(trial) ? now.filter((one) => one !== trial) : [...now, trial].slice(-MOST_COMPARED);
}

/** The address of a view, with the filters as they are. */
export function hrefOf(to: View, changes: { trial?: number } = {}): string {
  const query = new URLSearchParams();
  if (fidelity.value) query.set('fidelity', fidelity.value);
  if (zone.value) query.set('zone', zone.value);
  for (const [name, [low, high]] of Object.entries(ranges.value)) {
    query.set(`in.${name}`, `${Number.isFinite(low) ? low : ''}..${Number.isFinite(high) ? high : ''}`);
  }
  if (compared.value.length > 0) query.set('compare', compared.value.join(','));
  if (changes.trial !== undefined) query.set('trial', String(changes.trial));
  const text = query.toString().replaceAll('%2C', ',');
  return `#/${to}${text ? `?${text}` : ''}`;
}

function read(): void {
  const [path = '', text = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const query = new URLSearchParams(text);
  const found = VIEWS.find((one) => one === path) ?? 'overview';
  const wanted: Record<string, Range> = {};
  for (const [key, value] of query) {
    if (!key.startsWith('in.')) continue;
    const [low = '', high = ''] = value.split('..');
    const range: Range = [low === '' ? -Infinity : Number(low), high === '' ? Infinity : Number(high)];
    if (!range.some(Number.isNaN)) wanted[key.slice(3)] = range;
  }
  const trial = query.get('trial');
  batch(() => {
    view.value = found;
    fidelity.value = FIDELITIES.find((one) => one === query.get('fidelity')) ?? null;
    zone.value = query.get('zone');
    ranges.value = wanted;
    compared.value = (query.get('compare') ?? '').split(',').filter((one) => /^\d+$/.test(one)).map(Number).slice(0, MOST_COMPARED);
    opened.value = trial !== null && /^\d+$/.test(trial) ? Number(trial) : null;
  });
}

export function begin(): void {
  read();
  addEventListener('hashchange', read);
  effect(() => {
    const href = hrefOf(view.value, opened.value === null ? {} : { trial: opened.value });
    if (location.hash !== href) history.replaceState(null, '', href);
  });
}
