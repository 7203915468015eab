// The grid and what was done under it: intensity with its forecast, the allocation hour by hour, energy by fidelity and zone, and what
// the same work would have emitted at once.
import { useState } from 'preact/hooks';
import type { Zone, Zones } from '../api/types';
import { fidelity as only, zone as wanted } from '../data/place';
import { useResource } from '../data/resource';
import { zones, zonesOfAll } from '../data/store';
import * as as from '../lib/format';
import { grid } from '../lib/outlook';
import { fidelityClass, signalKind } from '../lib/words';
import { Empty, Fidelity, Figure, Legend, Panel, Parts, Switch, Waiting } from '../ui/parts';
import { AllocationChart, EnergyChart, IntensityChart, type Span } from './carbon-charts';
import { CarbonLegend } from './overview-strips';
import { Savings } from './carbon-savings';

const SPANS: [Span, string][] = [['48', '2 days'], ['168', '7 days'], ['all', 'all']];

export function Carbon() {
  const [span, setSpan] = useState<Span>('48');
  const week = useResource(zones);
  const all = useResource(span === 'all' ? zonesOfAll : zones);
  const found = all ?? week;
  if (!found) return <Waiting of={zones} what="the grid" />;
  const shown = found.zones.filter((one) => wanted.value === null || one.zone === wanted.value);
  if (found.zones.length === 0) {
    return (
      <Panel title="Carbon">
        <Empty>Zones appear with the first worker or the first observed hour.</Empty>
      </Panel>
    );
  }
  return (
    <>
      <div class="controls spread">
        <Switch label="Span" value={span} options={SPANS} onChange={setSpan} />
        <CarbonLegend />
      </div>
      <div class={shown.length > 1 ? 'grid wide-two' : ''}>
        {shown.map((one) => (
          <ZonePanel key={one.zone} zone={one} hour={found.hour} span={span} />
        ))}
      </div>
      {shown.length === 0 && <Empty>There is no zone {wanted.value} in this study: clear the filters.</Empty>}
      <div class="grid two">
        <Energy of={found} />
        <Savings of={found.counterfactual} />
      </div>
    </>
  );
}

function ZonePanel({ zone, hour, span }: { zone: Zone; hour: string; span: Span }) {
  const synthetic = zone.history.some((one) => one.source === 'synthetic');
  const sources = [...new Set(zone.history.map((one) => one.source))];
  return (
    <Panel
      title={zone.zone}
      kind="zone"
      aside={synthetic ? <span class="badge warn">made-up grid</span> : undefined}
      note={
        <>
          {grid(zone, hour)}; {signalKind(zone.kind)}; from {sources.join(', ') || zone.provenance}
          {zone.forecast && `; forecast by ${zone.forecast.model}, issued ${as.moment(zone.forecast.issued_at)} UTC`}.
        </>
      }
    >
      <h3>Intensity</h3>
      <IntensityChart zone={zone} hour={hour} span={span} />
      <h3>Allocation</h3>
      {zone.history.some((one) => one.allocation) ? <AllocationChart zone={zone} hour={hour} span={span} /> : <Empty>No allocation has been decided yet.</Empty>}
      <Legend items={[['train', 'train'], ['sample', 'sample'], ['rest', 'rest']]} />
      <h3>Energy used</h3>
      {zone.spent.kwh > 0 ? <EnergyChart zone={zone} hour={hour} span={span} /> : <Empty>No energy has been booked here yet.</Empty>}
      <Legend items={[['full', 'full'], ['rung', 'rung'], ['one-shot', 'one-shot'], ['supernet', 'supernet'], ['idle', 'idle']]} />
    </Panel>
  );
}

const ORDER = ['full', 'rung', 'one-shot', 'supernet', 'idle'];

function Energy({ of }: { of: Zones }) {
  const [what, setWhat] = useState<'kwh' | 'gco2eq'>('kwh');
  const write = what === 'kwh' ? as.kwh : as.grams;
  const shown = of.zones.filter((one) => wanted.value === null || one.zone === wanted.value);
  const sum = (fidelity: string) => shown.reduce((total, zone) => total + (zone.spent_by_fidelity[fidelity]?.[what] ?? 0), 0);
  const all = ORDER.reduce((total, fidelity) => total + sum(fidelity), 0);
  return (
    <Panel
      title="Energy by fidelity and zone"
      aside={<Switch label="Show" value={what} options={[['kwh', 'Energy'], ['gco2eq', 'Emissions']]} onChange={setWhat} />}
      note={what === 'kwh' ? 'All that was booked, idle slots included.' : 'Energy times the intensity of the hour and zone it was used in, CO₂eq.'}
    >
      {all === 0 ? (
        <Empty>No energy has been booked yet.</Empty>
      ) : (
        <>
          <Parts of={ORDER.map((fidelity) => ({ kind: fidelityClass(fidelity), name: fidelity, value: sum(fidelity) }))} label={ORDER.map((fidelity) => `${fidelity} ${write(sum(fidelity))}`).join(', ')} />
          <div class="scroll" tabIndex={0} role="region" aria-label="Energy by fidelity and zone">
            <table>
              <thead>
                <tr>
                  <th scope="col">Fidelity</th>
                  {shown.map((zone) => (
                    <th scope="col" class="n" key={zone.zone}>{zone.zone}</th>
                  ))}
                  {shown.length > 1 && <th scope="col" class="n">All zones</th>}
                  <th scope="col" class="n">Share</th>
                </tr>
              </thead>
              <tbody>
                {ORDER.filter((fidelity) => sum(fidelity) > 0 && (only.value === null || fidelity === fidelityClass(only.value))).map((fidelity) => (
                  <tr key={fidelity}>
                    <th scope="row"><Fidelity of={fidelity} /></th>
                    {shown.map((zone) => (
                      <td class="n" key={zone.zone}>{write(zone.spent_by_fidelity[fidelity]?.[what])}</td>
                    ))}
                    {shown.length > 1 && <td class="n">{write(sum(fidelity))}</td>}
                    <td class="n">{as.percent(sum(fidelity) / all)}</td>
                  </tr>
                ))}
                <tr class="sum">
                  <th scope="row">{only.value === null ? 'Together' : 'All fidelities'}</th>
                  {shown.map((zone) => (
                    <td class="n" key={zone.zone}>{write(zone.spent[what])}</td>
                  ))}
                  {shown.length > 1 && <td class="n">{write(all)}</td>}
                  <td class="n">100{'\u202f'}%</td>
                </tr>
              </tbody>
            </table>
          </div>
        </>
      )}
      <dl class="figures small">
        {shown.map((zone) => (
          <Figure key={zone.zone} name={`${zone.zone}: mean intensity of what was used`} value={zone.spent.kwh > 0 ? as.intensity(zone.spent.gco2eq / zone.spent.kwh) : as.NONE} note={`${as.count(zone.slots)} slots there now`} />
        ))}
      </dl>
    </Panel>
  );
}
