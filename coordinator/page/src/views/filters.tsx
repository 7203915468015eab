// The filters, the same on every view and kept in the address: each view shows what they leave, or dims the rest.
import type { Objective, Study } from '../api/types';
import { clearFilters, fidelity, FIDELITIES, isFiltered, ranges, setRange, zone, type FidelityName } from '../data/place';
import { useResource } from '../data/resource';
import { zones } from '../data/store';
import { fidelityWords, quantity } from '../lib/words';
import { Choice } from '../ui/parts';

export function Filters({ study }: { study: Study | null }) {
  const grid = useResource(zones);
  const names = grid?.zones.map((one) => one.zone) ?? [];
  if (zone.value && !names.includes(zone.value)) names.push(zone.value);
  return (
    <form class={`filters ${isFiltered.value ? 'on' : ''}`} aria-label="Filters of every view" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label="Fidelity"
        value={fidelity.value ?? ''}
        options={[['', 'all'], ...FIDELITIES.map((one): [FidelityName, string] => [one, fidelityWords(one).toLowerCase()])]}
        onChange={(value) => (fidelity.value = (value || null) as FidelityName | null)}
      />
      <Choice label="Zone" value={zone.value ?? ''} options={[['', 'all'], ...names.map((one): [string, string] => [one, one])]} onChange={(value) => (zone.value = value || null)} />
      {study?.objectives.map((objective) => <Bounds key={objective.name} objective={objective} />)}
      {isFiltered.value && (
        <button type="button" class="quiet" onClick={clearFilters}>
          Clear filters
        </button>
      )}
    </form>
  );
}

/** Shares are typed as percentages, large counts in thousands or millions, as the study's networks are large. */
function scale({ name, reference }: Objective): [number, string] {
  if (name === 'error') return [100, '%'];
  if (name === 'parameters' || name === 'flops') return reference < 1e6 ? [1e-3, 'k'] : [1e-6, 'M'];
  return [1, quantity(name).unit];
}

function Bounds({ objective }: { objective: Objective }) {
  const { name } = objective;
  const [factor, unit] = scale(objective);
  const range = ranges.value[name] ?? [-Infinity, Infinity];
  const words = quantity(name).name;
  const shown = (value: number) => (Number.isFinite(value) ? String(Number((value * factor).toPrecision(4))) : '');
  const set = (at: 0 | 1) => (event: Event & { currentTarget: HTMLInputElement }) => {
    const text = event.currentTarget.value.trim();
    const value = text === '' ? (at === 0 ? -Infinity : Infinity) : Number(text) / factor;
    if (Number.isNaN(value)) return;
    setRange(name, at === 0 ? [value, range[1]] : [range[0], value]);
  };
  return (
    <span class="bounds">
      <span>{words} ({unit})</span>
      <input type="number" step="any" inputMode="decimal" aria-label={`${words} at least, ${unit}`} placeholder="from" value={shown(range[0])} onChange={set(0)} />
      <input type="number" step="any" inputMode="decimal" aria-label={`${words} at most, ${unit}`} placeholder="to" value={shown(range[1])} onChange={set(1)} />
    </span>
  );
}
