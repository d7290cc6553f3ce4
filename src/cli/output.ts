/** What the command line prints: text for people, or one JSON object a line with the result last. */
import { IcestreamError } from '../errors.ts';

/** A line of `--json` output; `type` says which. */
export interface JsonLine {
  readonly type: 'progress' | 'reject' | 'result' | 'error';
  readonly [key: string]: unknown;
}

/** 64-bit numbers become decimal strings, which no reader rounds; NaN and infinities strings too, not null. */
export function toJsonLine(line: JsonLine): string {
  return JSON.stringify(line, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    if (value instanceof Map) return Object.fromEntries(value);
    if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return value;
  });
}

export function errorLine(error: unknown): JsonLine {
  if (!(error instanceof IcestreamError)) {
    return { type: 'error', code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
  }
  const { code, message, place, retryable, leftBehind } = error;
  const commitId = 'commitId' in error ? { commitId: error.commitId } : {};
  return { type: 'error', code, message, ...place, retryable, leftBehind, ...commitId };
}

export function errorText(error: unknown): string {
  if (!(error instanceof IcestreamError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = [`${error.code}: ${error.message}`];
  if (error.leftBehind.length > 0) lines.push('left behind:', ...error.leftBehind.map((file) => `  ${file}`));
  return lines.join('\n');
}

/** Rows of cells as columns, numbers (bigint and number) to the right. */
export function table(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '' : String(cell))));
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const right = header.map((_, i) => rows.length > 0 && rows.every((row) => isNumber(row[i])));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join('\n');
}

function isNumber(cell: unknown): boolean {
  return typeof cell === 'number' || typeof cell === 'bigint';
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(count: number | bigint): string {
  let value = Number(count);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `2,000`, of a whole number. Not by `Intl`, which takes long to load. */
export function count(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 row`, `2,000 rows`. */
export function counted(value: number | bigint, noun: string): string {
  return `${count(value)} ${noun}${Number(value) === 1 ? '' : 's'}`;
}
