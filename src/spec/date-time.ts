/** Dates, times and timestamps to ISO 8601 text and back, exact to the nanosecond (Appendix D: JSON single values). */

const MS_PER_DAY = 86_400_000;
/** Years that a `Date` covers; beyond them a day count is written as such. */
const MAX_DAYS = 100_000_000;

export type TimeResolution = 'us' | 'ns';

/** Days since 1970-01-01 as `2017-11-16`. */
export function formatDate(days: number): string {
  if (Math.abs(days) > MAX_DAYS) return `${days} days from 1970-01-01`;
  const date = new Date(days * MS_PER_DAY);
  return `${formatYear(date.getUTCFullYear())}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** Four digits; a sign only where ISO 8601 needs one. */
export function formatYear(year: number): string {
  const digits = Math.abs(year).toString().padStart(4, '0');
  return year < 0 ? `-${digits}` : year > 9999 ? `+${digits}` : digits;
}

/** Microseconds or nanoseconds since midnight as `22:31:08`, with a fraction of 3, 6 or 9 digits where there is one. */
export function formatTime(value: bigint, resolution: TimeResolution = 'us'): string {
  const nanos = resolution === 'us' ? value * 1000n : value;
  const seconds = Number(nanos / 1_000_000_000n);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, '0');
  if (fraction === '000000000') return clock;
  if (fraction.endsWith('000000')) return `${clock}.${fraction.slice(0, 3)}`;
  return `${clock}.${fraction.endsWith('000') ? fraction.slice(0, 6) : fraction}`;
}

/** `2017-11-16T22:31:08.000001`; the caller adds the zone. */
export function formatTimestamp(value: bigint, resolution: TimeResolution): string {
  const perDay = resolution === 'us' ? 86_400_000_000n : 86_400_000_000_000n;
  const days = floorDiv(value, perDay);
  return `${formatDate(Number(days))}T${formatTime(value - days * perDay, resolution)}`;
}

/** Integer division that rounds down, also for negative values. */
export function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

const DATE = /^([+-]\d{4,9}|\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;
const ZONE = /(Z|[+-]\d{2}(?::?\d{2})?)$/;

/** Days since 1970-01-01; null when it is no date. */
export function parseDate(text: string): number | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const same = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same ? Math.round(date.getTime() / MS_PER_DAY) : null;
}

/** Since midnight, in the unit asked; null when it is no time or finer than the unit. */
export function parseTime(text: string, resolution: TimeResolution = 'us'): bigint | null {
  const match = TIME.exec(text);
  if (match === null) return null;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const nanos =
    BigInt(hours * 3600 + minutes * 60 + seconds) * 1_000_000_000n + BigInt((match[4] ?? '').padEnd(9, '0'));
  if (resolution === 'ns') return nanos;
  return nanos % 1000n === 0n ? nanos / 1000n : null;
}

/** Since 1970-01-01T00:00 (UTC when the text has a zone), in the unit asked; null when it is no timestamp. */
export function parseTimestamp(text: string, resolution: TimeResolution, zone: 'required' | 'none'): bigint | null {
  const split = text.search(/[Tt ]/);
  if (split < 0) return null;
  const days = parseDate(text.slice(0, split));
  const rest = text.slice(split + 1);
  const zoneText = ZONE.exec(rest)?.[0];
  if (days === null || (zoneText !== undefined) !== (zone === 'required')) return null;
  const time = parseTime(zoneText === undefined ? rest : rest.slice(0, -zoneText.length), resolution);
  if (time === null) return null;
  const perSecond = resolution === 'us' ? 1_000_000n : 1_000_000_000n;
  return BigInt(days) * 86_400n * perSecond + time - BigInt(zoneSeconds(zoneText ?? 'Z')) * perSecond;
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}

function two(value: number): string {
  return value.toString().padStart(2, '0');
}
