/** Column types from JavaScript values. */
import { type ArrowField, type ArrowType, MOST_NESTED_TYPES } from '../engine/arrow-schema.ts';
import { arrowTypeName } from '../format/arrow-type-name.ts';
import { isObject } from '../util/is-object.ts';
import { BadValue } from './bad-value.ts';

const NULL: ArrowType = { kind: 'null' };
const BOOL: ArrowType = { kind: 'bool' };
const INT64: ArrowType = { kind: 'int', bitWidth: 64, signed: true };
const DOUBLE: ArrowType = { kind: 'float', bitWidth: 64 };
const DECIMAL: ArrowType = { kind: 'decimal', bitWidth: 128, precision: 38, scale: 0 };
const UTF8: ArrowType = { kind: 'utf8', layout: 'offset32' };
const BINARY: ArrowType = { kind: 'binary', layout: 'offset32' };
const DATE: ArrowType = { kind: 'date', unit: 'day' };
const TIME: ArrowType = { kind: 'time', unit: 'us' };
const TIMESTAMP: ArrowType = { kind: 'timestamp', unit: 'us', timezone: null };
const TIMESTAMPTZ: ArrowType = { kind: 'timestamp', unit: 'us', timezone: 'UTC' };

const TEMPORAL: ReadonlyMap<string, ArrowType> = new Map<string, ArrowType>([
  ['Temporal.Instant', TIMESTAMPTZ],
  ['Temporal.ZonedDateTime', TIMESTAMPTZ],
  ['Temporal.PlainDateTime', TIMESTAMP],
  ['Temporal.PlainDate', DATE],
  ['Temporal.PlainTime', TIME],
]);

const LARGEST_DECIMAL = 10n ** 38n;

/** A row: an object (its own enumerable properties) or a Map with text keys. */
export type Row = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/**
 * Whether a value is an object of named values: a plain one, a Map, or what has properties of its own. A Date, a Set, bytes, a
 * promise and their like would be read as an object without any.
 */
export function hasNamedValues(value: unknown): value is object {
  if (!isObject(value)) return false;
  if (value instanceof Map) return true;
  if (Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Date) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Plain objects, of any realm, may be empty.
  return prototype === null || Object.getPrototypeOf(prototype) === null || Object.keys(value).length > 0;
}

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  const kind = typeof value === 'object' ? value.constructor?.name || 'object' : typeof value;
  return `${/^[aeio]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}

/** Names and values of a row. */
export function rowEntries(row: Row): Iterable<readonly [string, unknown]> {
  return row instanceof Map ? row : Object.entries(row);
}

/** The name of a `Temporal` type, or null. */
export function temporalName(value: unknown): string | null {
  const tag = typeof value === 'object' && value !== null ? Reflect.get(value, Symbol.toStringTag) : undefined;
  return typeof tag === 'string' && TEMPORAL.has(tag) ? tag : null;
}

/** The type that holds what `before` holds and the value. Nulls have the type null. */
export function widen(before: ArrowType, value: unknown, path: string, depth = 0): ArrowType {
  const type = typeOf(value, path, depth);
  const merged = merge(before, type);
  if (merged !== null) return merged;
  throw new BadValue(
    path,
    `is ${arrowTypeName(type)}, and the rows before have ${arrowTypeName(before)}; give the column a type with schema`,
  );
}

/** Nothing but nulls was seen: a string column, as in JSON files. */
export function settled(field: ArrowField): ArrowField {
  const { type } = field;
  switch (type.kind) {
    case 'null':
      return { ...field, type: UTF8 };
    case 'list':
      return { ...field, type: { ...type, element: settled(type.element) } };
    case 'map':
      return { ...field, type: { ...type, key: settled(type.key), value: settled(type.value) } };
    case 'struct':
      return { ...field, type: { ...type, fields: type.fields.map(settled) } };
    default:
      return field;
  }
}

function typeOf(value: unknown, path: string, depth: number): ArrowType {
  switch (typeof value) {
    case 'undefined':
      return NULL;
    case 'boolean':
      return BOOL;
    case 'string':
      return UTF8;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? INT64 : DOUBLE;
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return INT64;
      if (value < LARGEST_DECIMAL && value > -LARGEST_DECIMAL) return DECIMAL;
      throw new BadValue(path, 'has more than 38 digits; pass it as a string');
    case 'object':
      return value === null ? NULL : objectType(value, path, depth);
    default:
      throw new BadValue(path, `is a ${typeof value}, which is not data`);
  }
}

function objectType(value: object, path: string, depth: number): ArrowType {
  if (value instanceof Date) return TIMESTAMPTZ;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return BINARY;
  const temporal = temporalName(value);
  if (temporal !== null) return TEMPORAL.get(temporal) ?? UTF8;
  if (depth >= MOST_NESTED_TYPES) {
    throw new BadValue(path, `is nested more than ${MOST_NESTED_TYPES} levels deep, or holds itself`);
  }
  if (Array.isArray(value) || isTypedArray(value)) {
    let element: ArrowType = NULL;
    for (const item of value as Iterable<unknown>) element = widen(element, item, `${path}.element`, depth + 1);
    return { kind: 'list', layout: 'offset32', element: nullable('element', element) };
  }
  if (value instanceof Map) {
    let key: ArrowType = NULL;
    let item: ArrowType = NULL;
    for (const [k, v] of value) {
      key = widen(key, k, `${path}.key`, depth + 1);
      item = widen(item, v, `${path}.value`, depth + 1);
    }
    return { kind: 'map', key: { ...nullable('key', key), nullable: false }, value: nullable('value', item) };
  }
  if (value instanceof Set) throw new BadValue(path, 'is a Set; pass an array');
  if (!hasNamedValues(value)) throw new BadValue(path, `is ${kindOf(value)}, which has no properties to read`);
  const fields = Object.entries(value).map(([name, item]) =>
    nullable(name, widen(NULL, item, `${path}.${name}`, depth + 1)),
  );
  return { kind: 'struct', fields };
}

/** An array of numbers. */
export function isTypedArray(value: unknown): boolean {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function nullable(name: string, type: ArrowType): ArrowField {
  return { name, nullable: true, type };
}

function merge(a: ArrowType, b: ArrowType): ArrowType | null {
  if (a.kind === 'null') return b;
  if (b.kind === 'null' || a === b) return a;
  const pair = new Set([a, b]);
  if (pair.has(INT64) && pair.has(DOUBLE)) return DOUBLE;
  if (pair.has(INT64) && pair.has(DECIMAL)) return DECIMAL;
  if (a.kind === 'list' && b.kind === 'list') {
    const element = mergeField(a.element, b.element);
    return element === null ? null : { ...a, element };
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = mergeField(a.key, b.key);
    const value = mergeField(a.value, b.value);
    return key === null || value === null ? null : { kind: 'map', key, value };
  }
  if (a.kind === 'struct' && b.kind === 'struct') return mergeStructs(a.fields, b.fields);
  return null;
}

function mergeField(a: ArrowField, b: ArrowField): ArrowField | null {
  const type = merge(a.type, b.type);
  return type === null ? null : { ...a, type };
}

function mergeStructs(a: readonly ArrowField[], b: readonly ArrowField[]): ArrowType | null {
  const fields = new Map(a.map((f) => [f.name, f]));
  for (const field of b) {
    const before = fields.get(field.name);
    const merged = before === undefined ? field : mergeField(before, field);
    if (merged === null) return null;
    fields.set(field.name, merged);
  }
  return { kind: 'struct', fields: [...fields.values()] };
}
