/** Types and their strings (spec: Schemas and Data Types, Appendix C): parsing, formatting, equality, first version. */
import { IcestreamError } from '../errors.ts';
import type { PrimitiveType, Type } from './types.ts';

/** A primitive with its arguments. */
export type PrimitiveInfo =
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'geometry'; readonly crs: string }
  | { readonly kind: 'geography'; readonly crs: string; readonly algorithm: string }
  | { readonly kind: SimpleKind };

export type SimpleKind = (typeof SIMPLE_KINDS)[number];

/** Primitives whose string is their name. */
export const SIMPLE_KINDS = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'binary',
  'unknown',
  'variant',
] as const;

export function isSimpleKind(text: string): text is SimpleKind {
  return (SIMPLE_KINDS as readonly string[]).includes(text);
}

const V3_KINDS: ReadonlySet<string> = new Set([
  'unknown',
  'variant',
  'timestamp_ns',
  'timestamptz_ns',
  'geometry',
  'geography',
]);

const DECIMAL = /^decimal\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/;
const FIXED = /^fixed\[\s*(\d{1,10})\s*\]$/;
const GEO = /^(geometry|geography)\s*(?:\(\s*([^,]*?)\s*(?:,\s*(\w+)\s*)?\))?$/;
const EDGE_ALGORITHMS: ReadonlySet<string> = new Set(['spherical', 'vincenty', 'thomas', 'andoyer', 'karney']);
const DEFAULT_CRS = 'OGC:CRS84';
const MAX_PRECISION = 38;

const cache = new Map<string, PrimitiveInfo>(SIMPLE_KINDS.map((kind) => [kind, { kind }]));
const CACHE_LIMIT = 1000;

/**
 * Parses the string of a primitive type; spaces inside `decimal(9, 2)` and `fixed[16]` are accepted.
 * @throws IcestreamError INVALID_METADATA for a type that does not exist.
 */
export function parsePrimitive(text: string): PrimitiveInfo {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const info = parseParameterised(text);
  if (cache.size < CACHE_LIMIT) cache.set(text, info);
  return info;
}

function parseParameterised(text: string): PrimitiveInfo {
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) {
    const precision = Number(decimal[1]);
    const scale = Number(decimal[2]);
    if (precision < 1 || precision > MAX_PRECISION || scale > precision) {
      throw unknownType(text, `a decimal has a precision of 1 to ${MAX_PRECISION} and a scale of at most that`);
    }
    return { kind: 'decimal', precision, scale };
  }
  const fixed = FIXED.exec(text);
  if (fixed !== null) {
    const length = Number(fixed[1]);
    if (length < 1 || length > 0x7fffffff) throw unknownType(text, 'a fixed has a length of at least 1');
    return { kind: 'fixed', length };
  }
  const geo = GEO.exec(text);
  if (geo !== null) {
    const crs = geo[2] === undefined || geo[2] === '' ? DEFAULT_CRS : geo[2];
    if (geo[1] === 'geometry' && geo[3] === undefined) return { kind: 'geometry', crs };
    const algorithm = (geo[3] ?? 'spherical').toLowerCase();
    if (geo[1] === 'geography' && EDGE_ALGORITHMS.has(algorithm)) return { kind: 'geography', crs, algorithm };
  }
  throw unknownType(text, 'see the types of the Iceberg table specification');
}

function unknownType(text: string, hint: string): IcestreamError {
  return new IcestreamError('INVALID_METADATA', `Not an Iceberg type: ${JSON.stringify(text)}; ${hint}.`);
}

/** The canonical string, as Iceberg's Java library writes it: `decimal(9, 2)`, `fixed[16]`. */
export function formatPrimitive(info: PrimitiveInfo): PrimitiveType {
  switch (info.kind) {
    case 'decimal':
      return `decimal(${info.precision}, ${info.scale})`;
    case 'fixed':
      return `fixed[${info.length}]`;
    case 'geometry':
      return info.crs === DEFAULT_CRS ? 'geometry' : `geometry(${info.crs})`;
    case 'geography':
      if (info.algorithm !== 'spherical') return `geography(${info.crs}, ${info.algorithm})`;
      return info.crs === DEFAULT_CRS ? 'geography' : `geography(${info.crs})`;
    default:
      return info.kind;
  }
}

/** Kind of any type: `struct`, `list`, `map`, or that of the primitive (`decimal` without arguments). */
export function typeKind(type: Type): PrimitiveInfo['kind'] | 'struct' | 'list' | 'map' {
  return typeof type === 'string' ? parsePrimitive(type).kind : type.type;
}

/** The format version that brought the type (itself, not its children): 1 or 3. */
export function minFormatVersion(type: Type): 1 | 3 {
  return V3_KINDS.has(typeKind(type)) ? 3 : 1;
}

/** A type for people: `struct<a: int, b: list<string>>`. */
export function describeType(type: Type): string {
  if (typeof type === 'string') return type;
  if (type.type === 'list') return `list<${describeType(type.element)}>`;
  if (type.type === 'map') return `map<${describeType(type.key)}, ${describeType(type.value)}>`;
  return `struct<${type.fields.map((field) => `${field.name}: ${describeType(field.type)}`).join(', ')}>`;
}
