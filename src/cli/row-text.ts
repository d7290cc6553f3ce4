/** Rows of a scan as text: JSON lines, CSV, and cells of a table. Every value is exact. */
import type { Row, RowValue } from '../scan/ipc-rows.ts';
import { toHex } from '../util/encoding.ts';

/**
 * 64-bit numbers are bare digits; NaN and infinities, which JSON has no numbers for, are text; bytes are hexadecimal. A
 * map is an object where its keys are text, else an array of `{ "key", "value" }`.
 */
export function jsonText(value: RowValue): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? numberText(value) : `"${value}"`;
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  if (value instanceof Uint8Array) return `"${toHex(value)}"`;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (value instanceof Map) return mapText(value);
  return jsonLine(Object.keys(value as Row), value as Row);
}

/** A row with its columns in this order: objects have names that are numbers first. */
export function jsonLine(names: readonly string[], row: Row): string {
  return `{${names.map((name) => `${JSON.stringify(name)}:${jsonText(row[name] ?? null)}`).join(',')}}`;
}

function mapText(map: ReadonlyMap<RowValue, RowValue>): string {
  const entries = [...map];
  if (entries.every(([key]) => typeof key === 'string')) {
    return `{${entries.map(([key, value]) => `${jsonText(key)}:${jsonText(value)}`).join(',')}}`;
  }
  return `[${entries.map(([key, value]) => `{"key":${jsonText(key)},"value":${jsonText(value)}}`).join(',')}]`;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * RFC 4180: null is nothing, empty text is `""`; nested values are JSON. A null that is alone is `""` too: many
 * readers pass over blank lines, and would lose the row.
 */
export function csvLine(cells: readonly RowValue[]): string {
  if (cells.length === 1 && cells[0] === null) return '""';
  return cells.map(csvCell).join(',');
}

function csvCell(value: RowValue): string {
  if (value === null) return '';
  const text = plainText(value);
  return text === '' || /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}

const CELL_LENGTH = 60;

/** Cut where it is long, and without characters that would move the cursor. */
export function tableCell(value: RowValue): string {
  if (value === null) return 'NULL';
  const start = plainText(value).slice(0, CELL_LENGTH + 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: showing them is the point
  const shown = start.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (c) => JSON.stringify(c).slice(1, -1));
  return shown.length > CELL_LENGTH ? `${shown.slice(0, CELL_LENGTH - 1)}…` : shown;
}

function plainText(value: Exclude<RowValue, null>): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (value instanceof Uint8Array) return toHex(value);
  return jsonText(value);
}
