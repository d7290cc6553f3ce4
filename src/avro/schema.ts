/** Avro schemas as a small tree, with the attributes Iceberg adds (Avro 1.12 specification; Iceberg spec, Appendix A). */
import { IcestreamError } from '../errors.ts';

export type AvroPrimitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

export interface AvroField {
  readonly name: string;
  readonly schema: AvroSchema;
  /** Iceberg's id of the field. */
  readonly fieldId: number | null;
}

/** Logical types annotate and do not change how values are coded here: the table spec interprets them. */
export type AvroSchema =
  | { readonly kind: AvroPrimitive; readonly logicalType: string | null }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number; readonly logicalType: string | null }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly AvroField[] }
  | {
      readonly kind: 'array';
      readonly items: AvroSchema;
      readonly elementId: number | null;
      readonly logicalType: string | null;
    }
  | {
      readonly kind: 'map';
      readonly values: AvroSchema;
      readonly keyId: number | null;
      readonly valueId: number | null;
    }
  | { readonly kind: 'union'; readonly branches: readonly AvroSchema[] };

const PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);
const MAX_DEPTH = 64;
/** Named types may be used many times: this bounds how large the tree can grow. */
const MAX_NODES = 100_000;

type Json = Readonly<Record<string, unknown>>;

/** State of one parse: named types so far. A record that contains itself is refused: tables have no such type. */
interface Scope {
  readonly named: Map<string, AvroSchema | 'open'>;
  nodes: number;
}

/**
 * Reads a schema from parsed JSON.
 * @throws IcestreamError INVALID_METADATA
 */
export function parseAvroSchema(json: unknown): AvroSchema {
  return parse(json, { named: new Map(), nodes: 0 }, 0, '');
}

function parse(json: unknown, scope: Scope, depth: number, namespace: string): AvroSchema {
  scope.nodes += 1;
  if (depth > MAX_DEPTH || scope.nodes > MAX_NODES) throw invalid('it is nested too deeply or too large');
  if (typeof json === 'string') return byName(json, scope, namespace, null);
  if (Array.isArray(json)) {
    const branches = json.map((branch) => parse(branch, scope, depth + 1, namespace));
    if (branches.length === 0 || branches.some((branch) => branch.kind === 'union')) {
      throw invalid('a union is empty or holds a union');
    }
    return { kind: 'union', branches };
  }
  if (typeof json !== 'object' || json === null) throw invalid(`${String(json)} is not a schema`);
  return parseObject(json as Json, scope, depth, namespace);
}

function parseObject(json: Json, scope: Scope, depth: number, outer: string): AvroSchema {
  const { type } = json;
  const logicalType = typeof json['logicalType'] === 'string' ? json['logicalType'] : null;
  if (typeof type !== 'string') return parse(type, scope, depth + 1, outer);
  switch (type) {
    case 'array':
      return {
        kind: 'array',
        items: parse(json['items'], scope, depth + 1, outer),
        elementId: optionalInt(json['element-id']),
        logicalType,
      };
    case 'map':
      return {
        kind: 'map',
        values: parse(json['values'], scope, depth + 1, outer),
        keyId: optionalInt(json['key-id']),
        valueId: optionalInt(json['value-id']),
      };
    case 'fixed':
    case 'enum':
    case 'record':
      return parseNamed(type, json, scope, depth, outer, logicalType);
    default:
      return byName(type, scope, outer, logicalType);
  }
}

function parseNamed(
  type: 'fixed' | 'enum' | 'record',
  json: Json,
  scope: Scope,
  depth: number,
  outer: string,
  logicalType: string | null,
): AvroSchema {
  const { name: given } = json;
  if (typeof given !== 'string' || given === '') throw invalid(`a ${type} has no name`);
  const dot = given.lastIndexOf('.');
  const own = typeof json['namespace'] === 'string' ? json['namespace'] : outer;
  const namespace = dot === -1 ? own : given.slice(0, dot);
  const name = dot === -1 && namespace !== '' ? `${namespace}.${given}` : given;
  scope.named.set(name, 'open');
  const schema = namedBody(type, name, json, scope, depth, namespace, logicalType);
  scope.named.set(name, schema);
  return schema;
}

function namedBody(
  type: 'fixed' | 'enum' | 'record',
  name: string,
  json: Json,
  scope: Scope,
  depth: number,
  namespace: string,
  logicalType: string | null,
): AvroSchema {
  if (type === 'fixed') {
    const size = optionalInt(json['size']);
    if (size === null || size < 0) throw invalid(`fixed ${name} has no size`);
    return { kind: 'fixed', name, size, logicalType };
  }
  if (type === 'enum') {
    const symbols = json['symbols'];
    if (!Array.isArray(symbols)) throw invalid(`enum ${name} has no symbols`);
    return { kind: 'enum', name, symbols: symbols.map(String) };
  }
  const fields = json['fields'];
  if (!Array.isArray(fields)) throw invalid(`record ${name} has no fields`);
  return {
    kind: 'record',
    name,
    fields: fields.map((field: Json): AvroField => {
      if (typeof field?.['name'] !== 'string') throw invalid(`a field of record ${name} has no name`);
      return {
        name: field['name'],
        schema: parse(field['type'], scope, depth + 1, namespace),
        fieldId: optionalInt(field['field-id']),
      };
    }),
  };
}

function byName(type: string, scope: Scope, namespace: string, logicalType: string | null): AvroSchema {
  if (PRIMITIVES.has(type)) return { kind: type as AvroPrimitive, logicalType };
  const full = type.includes('.') || namespace === '' ? type : `${namespace}.${type}`;
  const known = scope.named.get(full) ?? scope.named.get(type);
  if (known === undefined) throw invalid(`there is no type ${JSON.stringify(type)}`);
  if (known === 'open') throw invalid(`record ${type} contains itself`);
  return known;
}

function optionalInt(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

function invalid(why: string): IcestreamError {
  return new IcestreamError('INVALID_METADATA', `The schema of an Avro file cannot be read: ${why}.`);
}
