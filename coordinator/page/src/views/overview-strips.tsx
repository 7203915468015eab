// A day back and a day ahead of every zone, an hour a field, coloured from clean to dirty.
import type { Zone, Zones } from '../api/types';
import { hrefOf, zone as wanted } from '../data/place';
import { zones } from '../data/store';
import { CARBON_TICKS, carbonColour } from '../lib/carbon-scale';
import * as as from '../lib/format';
import { grid, medianIndex } from '../lib/outlook';
import { Empty, Panel, Waiting } from '../ui/parts';

const SPAN = 24;

export function Strips({ of }: { of: Zones | null }) {
  if (!of) return <Panel title="The grid"><Waiting of={zones} what="the grid" /></Panel>;
  return (
    <Panel title="The grid" note="A day back and a day ahead, an hour a field; what is ahead is the forecast's median." aside={<a href={hrefOf('carbon')}>Carbon</a>}>
      {of.zones.length === 0 && <Empty>Zones appear with the first worker or the first observed hour.</Empty>}
      {of.zones.filter((zone) => wanted.value === null || zone.zone === wanted.value).map((zone) => (
        <Strip key={zone.zone} zone={zone} hour={of.hour} />
      ))}
      <CarbonLegend />
    </Panel>
  );
}

function Strip({ zone, hour }: { zone: Zone; hour: string }) {
  const now = Date.parse(hour);
  const past = new Map(zone.history.map((one) => [Date.parse(one.hour), one.g_per_kwh]));
  const middle = zone.forecast ? medianIndex(zone.forecast.levels) : 0;
  const ahead = new Map(zone.forecast?.hours.map((one) => [Date.parse(one.hour), one.quantiles[middle]!]) ?? []);
  const fields = Array.from({ length: 2 * SPAN }, (_, index) => {
    const at = now + (index - SPAN + 1) * 3_600_000;
    const value = at <= now ? past.get(at) : ahead.get(at);
    return { at, value, isNow: at === now, isAhead: at > now };
  });
  return (
    <div class="strip">
      <p>
        <b>{zone.zone}</b> {grid(zone, hour)}
        {zone.allocation && (
          <span class="soft">
            {' '}
            train {zone.allocation.train}, sample {zone.allocation.sample}, rest {zone.allocation.rest}
          </span>
        )}
      </p>
      <div class="fields" role="img" aria-label={`Intensity of ${zone.zone}: ${grid(zone, hour)}`}>
        {fields.map((field) => (
          <i
            key={field.at}
            class={`${field.isNow ? 'now' : ''} ${field.isAhead ? 'ahead' : ''}`}
            title={field.value === undefined ? undefined : `${as.moment(new Date(field.at).toISOString())}: ${as.intensity(field.value)}`}
            style={field.value === undefined ? undefined : { backgroundColor: carbonColour(field.value) }}
          />
        ))}
      </div>
    </div>
  );
}

export function CarbonLegend() {
  return (
    <p class="carbon-legend">
      <span>clean</span>
      {CARBON_TICKS.slice(0, -1).map((value) => (
        <span key={value}>
          <i style={{ backgroundColor: carbonColour(value) }} aria-hidden="true" />
          {value}
        </span>
      ))}
      <span>g/kWh, dirty</span>
    </p>
  );
}
