/** JavaScript values as the JSON text that the engine's reader turns into columns, exactly. */
import type { ArrowField, ArrowType } from '../engine/arrow-schema.ts';
import { arrowTypeName } from '../format/arrow-type-name.ts';
import { formatTimestamp } from '../spec/date-time.ts';
import { toHex } from '../util/encoding.ts';
import { BadValue } from './bad-value.ts';
import { plainDecimal } from './row-text.ts';
import { hasNamedValues, isTypedArray, kindOf, type Row, rowEntries, temporalName } from './row-types.ts';

type Write = (value: unknown) => string;

/** Writes rows of one schema as lines of JSON. */
export class RowJsonWriter {
  readonly #columns = new Map<string, { readonly key: string; readonly write: Write }>();
  readonly #extra: 'fail' | 'ignore';

  /** `extra`: what happens to a property that is no column. */
  constructor(fields: readonly ArrowField[], extra: 'fail' | 'ignore') {
    this.#extra = extra;
    for (const field of fields) {
      this.#columns.set(field.name, { key: `${quoted(field.name, field.name)}:`, write: writer(field, field.name) });
    }
  }

  /** One line, without its end. @throws BadValue */
  line(row: Row): string {
    let text = '';
    for (const [name, value] of rowEntries(row)) {
      const column = this.#columns.get(name);
      if (column === undefined) {
        if (this.#extra === 'ignore' || value === undefined) continue;
        throw new BadValue(
          name,
          'is not in the schema, which was taken from the first rows; name it in schema, raise sampleRows, or choose columns',
        );
      }
      if (value === null || value === undefined) continue;
      text += text === '' ? column.key : `,${column.key}`;
      text += column.write(value);
    }
    return `{${text}}`;
  }
}

function writer(field: ArrowField, path: string): Write {
  const { type } = field;
  const wrong = (value: unknown) => new BadValue(path, `is ${kindOf(value)}; the column is ${arrowTypeName(type)}`);
  switch (type.kind) {
    case 'bool':
      return (v) => {
        if (typeof v !== 'boolean') throw wrong(v);
        return v ? 'true' : 'false';
      };
    case 'int':
      return (v) => integerText(v, path, wrong);
    case 'float':
      return (v) => floatText(v, path, wrong);
    case 'decimal':
      return (v) => decimalText(v, path, wrong);
    case 'utf8':
      return (v) => {
        if (typeof v !== 'string') throw wrong(v);
        return quoted(v, path);
      };
    case 'binary':
      return (v) => `"${toHex(bytesOf(v, wrong))}"`;
    case 'fixed_size_binary':
      return (v) => {
        if (typeof v === 'string' && field.extension === 'arrow.uuid') return quoted(v, path);
        return `"${toHex(bytesOf(v, wrong))}"`;
      };
    case 'date':
    case 'time':
    case 'timestamp':
      return (v) => temporalText(v, type, path, wrong);
    case 'list':
    case 'fixed_size_list': {
      const element = nullSafe(writer(type.element, `${path}.element`));
      return (v) => {
        if (!Array.isArray(v) && !isTypedArray(v)) throw wrong(v);
        return `[${Array.from(v as ArrayLike<unknown>, element).join(',')}]`;
      };
    }
    case 'struct': {
      const inner = new Map(
        type.fields.map((f) => [
          f.name,
          { key: `${quoted(f.name, `${path}.${f.name}`)}:`, write: writer(f, `${path}.${f.name}`) },
        ]),
      );
      return (v) => structText(v, inner, path, wrong);
    }
    case 'map': {
      const key = writer(type.key, `${path}.key`);
      const item = nullSafe(writer(type.value, `${path}.value`));
      const textKeys = type.key.type.kind === 'utf8';
      return (v) => {
        if (!hasNamedValues(v)) throw wrong(v);
        const entries: Iterable<[unknown, unknown]> = v instanceof Map ? v : Object.entries(v);
        // Keys that are no text: the engine takes an array of entries.
        if (!textKeys) return `[${Array.from(entries, ([k, x]) => `{"key":${key(k)},"value":${item(x)}}`).join(',')}]`;
        return `{${Array.from(entries, ([k, x]) => `${key(k)}:${item(x)}`).join(',')}}`;
      };
    }
    default:
      throw new BadValue(path, `is ${arrowTypeName(type)}, which plain rows cannot give; use Arrow data`);
  }
}

function structText(
  value: unknown,
  fields: ReadonlyMap<string, { readonly key: string; readonly write: Write }>,
  path: string,
  wrong: (value: unknown) => BadValue,
): string {
  if (!hasNamedValues(value)) throw wrong(value);
  const parts: string[] = [];
  for (const [name, item] of rowEntries(value as Row)) {
    if (item === null || item === undefined) continue;
    const field = fields.get(name);
    if (field === undefined) throw new BadValue(`${path}.${name}`, 'is not in the schema; name it in schema');
    parts.push(field.key + field.write(item));
  }
  return `{${parts.join(',')}}`;
}

function nullSafe(write: Write): Write {
  return (value) => (value === null || value === undefined ? 'null' : write(value));
}

type Wrong = (value: unknown) => BadValue;

function integerText(value: unknown, path: string, wrong: Wrong): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'number') throw wrong(value);
  if (Number.isSafeInteger(value)) return value.toString();
  const why = Number.isInteger(value) ? 'is beyond 2^53, where numbers are not exact; pass a bigint' : 'is not whole';
  throw new BadValue(path, `${value} ${why}; the column holds integers`);
}

function floatText(value: unknown, path: string, wrong: Wrong): string {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : value.toString();
    return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"Infinity"' : '"-Infinity"';
  }
  if (typeof value !== 'bigint') throw wrong(value);
  if (BigInt(Number(value)) === value) return value.toString();
  throw new BadValue(path, `${value} has no exact floating-point number; give the column another type with schema`);
}

function decimalText(value: unknown, path: string, wrong: Wrong): string {
  if (typeof value === 'bigint') return value.toString();
  const text = typeof value === 'number' ? plainDecimal(value) : typeof value === 'string' ? value.trim() : null;
  if (text === null) throw wrong(value);
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return text;
  throw new BadValue(path, `${JSON.stringify(String(value)).slice(0, 100)} is not a decimal number`);
}

function temporalText(
  value: unknown,
  type: Extract<ArrowType, { kind: 'date' | 'time' | 'timestamp' }>,
  path: string,
  wrong: Wrong,
): string {
  if (typeof value === 'string') return quoted(value, path);
  const temporal = temporalName(value);
  if (temporal !== null) return quoted(String(value).replace(/\[.*$/, ''), path);
  if (type.kind === 'timestamp') {
    const zone = type.timezone === null ? '' : 'Z';
    if (typeof value === 'bigint') return `"${formatTimestamp(value, 'us')}${zone}"`;
    if (value instanceof Date) return `"${isoOf(value, path).slice(0, -1)}${zone}"`;
    if (typeof value === 'number') {
      throw new BadValue(
        path,
        'is a number, of which nobody can say the unit; pass a Date, or microseconds as a bigint',
      );
    }
  }
  if (type.kind === 'date' && value instanceof Date) {
    const [day, time] = isoOf(value, path).split('T');
    if (time === '00:00:00.000Z') return `"${day}"`;
    throw new BadValue(path, `${value.toISOString()} is not midnight in UTC; the column holds dates`);
  }
  throw wrong(value);
}

function isoOf(date: Date, path: string): string {
  if (Number.isNaN(date.getTime())) throw new BadValue(path, 'is an invalid Date');
  return date.toISOString();
}

function bytesOf(value: unknown, wrong: Wrong): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw wrong(value);
}

/** JSON text of a string. @throws BadValue for half a surrogate pair, which has no place in UTF-8. */
function quoted(text: string, path: string): string {
  if (text.isWellFormed()) return JSON.stringify(text);
  throw new BadValue(path, 'holds half of a surrogate pair, which is not text; repair it with toWellFormed()');
}
