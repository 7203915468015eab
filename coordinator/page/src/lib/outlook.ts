// What a forecast means for somebody who reads one sentence.
import type { Fleet, Forecast, Zone, Zones } from '../api/types';
import { near, number } from './format';

const AHEAD = 24;
const MOST_ZONES = 3;
/** A change that is worth a word. */
const WORTH = 0.12;

export interface Turn {
  way: 'falling' | 'rising' | 'steady' | 'unknown';
  value: number;
  hour: string;
}

export const medianIndex = (levels: number[]): number =>
  levels.reduce((best, level, index) => (Math.abs(level - 0.5) < Math.abs((levels[best] ?? 9) - 0.5) ? index : best), 0);

export function turn(now: number, forecast: Forecast | null | undefined, after: string): Turn {
  const unknown: Turn = { way: 'unknown', value: now, hour: after };
  if (!forecast) return unknown;
  const middle = medianIndex(forecast.levels);
  const hours = forecast.hours.filter((one) => Date.parse(one.hour) > Date.parse(after)).slice(0, AHEAD);
  if (hours.length === 0) return unknown;
  const points = hours.map((one) => ({ value: one.quantiles[middle] ?? now, hour: one.hour }));
  const low = points.reduce((a, b) => (b.value < a.value ? b : a));
  const high = points.reduce((a, b) => (b.value > a.value ? b : a));
  const fall = (now - low.value) / now;
  const rise = (high.value - now) / now;
  if (fall >= WORTH && fall >= rise * 0.6) return { way: 'falling', ...low };
  if (rise >= WORTH) return { way: 'rising', ...high };
  return { way: 'steady', ...points[points.length - 1]! };
}

/** "Training 2, sampling 5, resting 1" */
export function activity(fleet: Fleet): string {
  if (fleet.slots === 0) return 'No slot is there';
  const parts: string[] = [`training ${number(fleet.training)}`, `sampling ${number(fleet.scoring)}`];
  if (fleet.ready > 0) parts.push(`ready ${number(fleet.ready)}`);
  parts.push(`resting ${number(fleet.resting)}`);
  const text = parts.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "intensity 412 g/kWh, falling to 180 at 13:00" */
export function grid(zone: Zone, hour: string): string {
  const { way, value, hour: when } = turn(zone.g_per_kwh, zone.forecast, hour);
  const now = `${number(zone.g_per_kwh)} g/kWh`;
  switch (way) {
    case 'unknown':
      return now;
    case 'steady':
      return `${now}, steady for a day`;
    default:
      return `${now}, ${way} to ${number(value)} at ${near(when, hour)}`;
  }
}

/** Of one zone, or of as many as a sentence holds. */
export function gridSentence(zones: Zones, wanted: string | null): string {
  const shown = zones.zones.filter((zone) => wanted === null || zone.zone === wanted);
  const [first, ...others] = shown;
  if (!first) return '';
  if (others.length === 0) return `intensity ${grid(first, zones.hour)}`;
  const told = shown.slice(0, MOST_ZONES).map((zone) => `${zone.zone} ${grid(zone, zones.hour)}`);
  return told.join('; ') + (shown.length > MOST_ZONES ? `; and ${shown.length - MOST_ZONES} more zones` : '');
}
