/** Which Arrow types the engine can bring to which Iceberg type without losing a value (or refusing the value). */
import type { ArrowType } from '../engine/arrow-schema.ts';
import { parsePrimitive } from '../spec/type-parse.ts';
import type { PrimitiveType } from '../spec/types.ts';

/**
 * Why values of `from` can never stand in a column of type `to`; null when they can. Where single values may not fit
 * (an int64 into an int, 2.5 into a long, a remainder of nanoseconds), the aligner names them.
 */
export function castProblem(from: ArrowType, to: PrimitiveType): string | null {
  if (from.kind === 'dictionary' || from.kind === 'run_end_encoded') return castProblem(from.value, to);
  if (from.kind === 'null') return null;
  return KINDS[targetKind(to)](from, to);
}

type Rule = (from: ArrowType, to: PrimitiveType) => string | null;
type TargetKind = 'boolean' | 'integer' | 'floating' | 'decimal' | 'temporal' | 'string' | 'binary' | 'uuid' | 'other';

const ANOTHER = 'the types do not convert into each other; cast the source or write to another column';

const KINDS: Readonly<Record<TargetKind, Rule>> = {
  boolean: (from) => (from.kind === 'bool' ? null : ANOTHER),
  integer: (from) => (['int', 'float', 'decimal'].includes(from.kind) ? null : ANOTHER),
  floating: (from) => (from.kind === 'float' || from.kind === 'int' ? null : ANOTHER),
  decimal: decimalProblem,
  temporal: temporalProblem,
  // Old Parquet writers do not mark text as text: the engine checks that the bytes are UTF-8.
  string: (from) => (from.kind === 'utf8' || from.kind === 'binary' ? null : ANOTHER),
  binary: (from, to) => {
    if (from.kind === 'binary') return null;
    if (from.kind !== 'fixed_size_binary') return ANOTHER;
    const info = parsePrimitive(to);
    if (info.kind !== 'fixed' || from.byteWidth === info.length) return null;
    return `only values of exactly ${info.length} bytes fit: cast the source to fixed_size_binary(${info.length})`;
  },
  uuid: (from) => {
    if (from.kind === 'utf8' || from.kind === 'binary') return null;
    return from.kind === 'fixed_size_binary' && from.byteWidth === 16 ? null : ANOTHER;
  },
  other: (_, to) => `columns of type ${to} cannot be written`,
};

function targetKind(to: PrimitiveType): TargetKind {
  const { kind } = parsePrimitive(to);
  switch (kind) {
    case 'boolean':
    case 'string':
    case 'uuid':
    case 'decimal':
      return kind;
    case 'int':
    case 'long':
      return 'integer';
    case 'float':
    case 'double':
      return 'floating';
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return 'temporal';
    case 'binary':
    case 'fixed':
      return 'binary';
    default:
      return 'other';
  }
}

function decimalProblem(from: ArrowType, to: PrimitiveType): string | null {
  if (from.kind === 'decimal' || from.kind === 'int') return null;
  if (from.kind !== 'float') return ANOTHER;
  return `floating-point numbers are not exact decimals: round the source to ${to} yourself`;
}

function temporalProblem(from: ArrowType, to: PrimitiveType): string | null {
  if (to === 'date') return from.kind === 'date' ? null : ANOTHER;
  if (to === 'time') return from.kind === 'time' ? null : ANOTHER;
  if (from.kind === 'date' && from.unit === 'day' && !to.startsWith('timestamptz')) return null;
  if (from.kind !== 'timestamp') return ANOTHER;
  const wantsZone = to === 'timestamptz' || to === 'timestamptz_ns';
  if (wantsZone === (from.timezone !== null)) return null;
  return wantsZone
    ? 'local times have no place on the time line: give the source column a time zone'
    : 'an instant has no local time without a zone: remove the source column’s time zone';
}
