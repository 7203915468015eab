// Numbers and times as they are read: with their unit, with as many digits as mean something. Times are UTC, as in the ledger.

const SPACE = '\u202f';
const plain = new Map<number, Intl.NumberFormat>();

/** Nothing known. */
export const NONE = '–';

export function number(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  let format = plain.get(digits);
  if (!format) {
    format = new Intl.NumberFormat('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    plain.set(digits, format);
  }
  return format.format(value);
}

/** To three significant digits. */
export function significant(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return '0';
  const whole = Math.floor(Math.log10(Math.abs(value))) + 1;
  return number(value, Math.min(6, Math.max(0, digits - whole)));
}

function scaled(value: number, units: [number, string][]): string {
  const [factor, unit] = units.find(([factor]) => Math.abs(value) >= factor) ?? units[units.length - 1]!;
  return `${significant(value / factor)}${SPACE}${unit}`;
}

const known = (of: (value: number) => string) => (value: number | null | undefined) =>
  value === null || value === undefined || !Number.isFinite(value) ? NONE : of(value);

export const count = known((value) => number(value));
export const large = known((value) => scaled(value, [[1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, '']]).trim());
export const macs = known((value) => scaled(value, [[1e9, 'GMAC'], [1e6, 'MMAC'], [1e3, 'kMAC'], [1, 'MAC']]));
export const kwh = known((value) => (value === 0 ? `0${SPACE}kWh` : scaled(value * 1000, [[1e6, 'MWh'], [1e3, 'kWh'], [1, 'Wh'], [1e-3, 'mWh']])));
export const joules = known((value) => (value === 0 ? `0${SPACE}J` : scaled(value, [[1e6, 'MJ'], [1e3, 'kJ'], [1, 'J'], [1e-3, 'mJ']])));
export const grams = known((value) =>
  value === 0 ? `0${SPACE}g` : scaled(value, [[1e6, 't'], [1e3, 'kg'], [1, 'g'], [1e-3, 'mg'], [1e-6, 'µg']]),
);
export const watts = known((value) => scaled(value, [[1e6, 'MW'], [1e3, 'kW'], [1, 'W']]));
export const bytes = known((value) => scaled(value, [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB'], [1, 'B']]));
export const milliseconds = known((value) => `${significant(value)}${SPACE}ms`);
export const intensity = known((value) => `${number(value)}${SPACE}g/kWh`);
export const percent = (share: number | null | undefined, digits = 1): string =>
  share === null || share === undefined || !Number.isFinite(share) ? NONE : `${number(share * 100, digits)}${SPACE}%`;

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  if (seconds < 1) return `${number(seconds * 1000)}${SPACE}ms`;
  if (seconds < 10) return `${number(seconds, 1)}${SPACE}s`;
  if (seconds < 100) return `${number(seconds)}${SPACE}s`;
  if (seconds < 5_400) return `${number(seconds / 60)}${SPACE}min`;
  if (seconds < 172_800) return `${number(seconds / 3600, 1)}${SPACE}h`;
  return `${number(seconds / 86_400, 1)}${SPACE}days`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
const full = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

export const seconds = (iso: string): number => Date.parse(iso) / 1000;
export const hour = (iso: string): string => clock.format(new Date(iso));
export const withSeconds = (iso: string): string => full.format(new Date(iso));
export const date = (iso: string): string => day.format(new Date(iso));
export const moment = (iso: string | null | undefined): string => (iso ? `${date(iso)} ${hour(iso)}` : NONE);

/** Moments within a sentence, as the rest of the page writes them. */
export const readable = (text: string): string => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?Z/g, (iso) => `${moment(iso)} UTC`);

/** "13:00" on the day of `today`, with the date otherwise. */
export function near(iso: string, today: string): string {
  return date(iso) === date(today) ? hour(iso) : `${hour(iso)} on ${date(iso)}`;
}
