/** The partition of a file that exists: given by the caller, written in its path, or told by its columns' bounds. */
import { IcestreamError } from '../../errors.ts';
import type { FileLeaf } from '../../format/file-leaves.ts';
import { hivePathValues, partitionValueFromText } from '../../format/hive-path.ts';
import { parquetBoundValue } from '../../format/parquet-bound.ts';
import { comparatorOf } from '../../spec/compare.ts';
import { type BoundPartitionField, bindPartitionSpec } from '../../spec/partition-bind.ts';
import type { PartitionSpec, PartitionTuple } from '../../spec/partition-spec.ts';
import type { Schema } from '../../spec/schema.ts';
import { singleValueFromJson } from '../../spec/single-value-json.ts';
import { parseTransform, preservesOrder, type Transform } from '../../spec/transform.ts';
import { applyTransform } from '../../spec/transform-apply.ts';
import type { PrimitiveType, SingleValue } from '../../spec/types.ts';

export interface InferRequest {
  readonly location: string;
  /** By partition field name, as text in the spec's spelling (`2026-11` of a month) or as a value; null is null. */
  readonly given?: Readonly<Record<string, SingleValue | null>>;
  readonly leaves: readonly FileLeaf[];
  readonly spec: PartitionSpec;
  readonly schema: Schema;
}

/**
 * The file's tuple. What the caller gives is taken (and checked against the bounds), then what the path says, then
 * what the bounds prove.
 * @throws IcestreamError INVALID_ARGUMENT naming the field that cannot be told, or that the file contradicts.
 */
export function inferPartition(request: InferRequest): PartitionTuple {
  const { location, given, spec, schema } = request;
  const bound = bindPartitionSpec(spec, schema);
  const names = new Set(bound.map(({ field }) => field.name));
  const odd = Object.keys(given ?? {}).find((name) => !names.has(name));
  if (odd !== undefined) throw fault(location, odd, 'is no partition field of the table');
  const inPath = bound.length === 0 ? new Map<string, string | null>() : hivePathValues(location);
  return bound.map((field) => fieldValue(field, request, inPath));
}

function fieldValue(
  bound: BoundPartitionField,
  { location, given, leaves }: InferRequest,
  inPath: ReadonlyMap<string, string | null>,
): SingleValue | null {
  const { field, source } = bound;
  const transform = parseTransform(field.transform);
  const type = source.type as PrimitiveType;
  const leaf = leaves.find((one) => one.fieldId === source.id);
  const stated = statedValue(bound, transform, given, inPath, location);
  // Rows of a file without the column read as its initial default, but for identity: there as the partition's value.
  if (leaf === undefined && stated !== undefined && transform.kind === 'identity') return stated;
  const told =
    leaf === undefined ? toldByDefault(bound, transform, type) : toldBy(transform, type, bound.resultType, leaf);
  if (stated === undefined) {
    if (told.kind === 'one') return told.value;
    const why = told.kind === 'many' ? 'the file holds several values of it' : 'its bounds do not tell';
    throw fault(location, field.name, `cannot be told (${why}); give it with the file, or write the rows with append`);
  }
  if (told.kind === 'many' || (told.kind === 'one' && !sameValue(bound.resultType, told.value, stated))) {
    throw fault(location, field.name, 'is stated as one value, and the columns of the file hold another');
  }
  return stated;
}

/** Undefined: nobody says. */
function statedValue(
  { field, source }: BoundPartitionField,
  transform: Transform,
  given: InferRequest['given'],
  inPath: ReadonlyMap<string, string | null>,
  location: string,
): SingleValue | null | undefined {
  const isGiven = given !== undefined && Object.hasOwn(given, field.name);
  const value = isGiven ? given[field.name] : inPath.get(field.name);
  if (value === undefined || value === null) return value;
  if (isGiven && typeof value !== 'string') return value;
  const parsed = partitionValueFromText(transform, source.type as PrimitiveType, String(value));
  if (parsed !== undefined) return parsed;
  throw fault(location, field.name, `is no value of ${field.transform} of a ${String(source.type)}: ${value}`);
}

type Told =
  | { readonly kind: 'one'; readonly value: SingleValue | null }
  | { readonly kind: 'many' }
  | { readonly kind: 'unknown' };

/** Of a file without the column (spec: Column Projection, `initial-default`). */
function toldByDefault({ source }: BoundPartitionField, transform: Transform, type: PrimitiveType): Told {
  const value = singleValueFromJson(type, source.initialDefault);
  // Inside of a struct, the default holds only where the struct is not null.
  if (value !== null && source.parentId !== null) return { kind: 'unknown' };
  return { kind: 'one', value: applyTransform(transform, type, value) };
}

/** What the footer proves of a partition field: one value, several, or nothing. */
function toldBy(transform: Transform, type: PrimitiveType, result: PrimitiveType, leaf: FileLeaf): Told {
  if (transform.kind === 'void') return { kind: 'one', value: null };
  const { facts, fileType } = leaf;
  if (facts.nullCount === facts.valueCount) return { kind: 'one', value: null };
  if (facts.nullCount === null || facts.min === null || facts.max === null) return { kind: 'unknown' };
  // NaN lies outside the bounds; a footer that does not count it may hide it.
  if ((type === 'float' || type === 'double') && facts.nanCount !== 0) return { kind: 'unknown' };
  const physical = { physicalType: facts.physicalType, ...(fileType === undefined ? {} : { fileType }) };
  const lower = parquetBoundValue({ ...physical, bytes: facts.min, side: 'lower' }, type);
  const upper = parquetBoundValue({ ...physical, bytes: facts.max, side: 'upper' }, type);
  if (lower === null || upper === null) return { kind: 'unknown' };
  const exact = facts.minExact && facts.maxExact;
  if (!preservesOrder(transform) && !(exact && sameValue(type, lower, upper))) return { kind: 'unknown' };
  const low = applyTransform(transform, type, lower);
  const high = applyTransform(transform, type, upper);
  if (!sameValue(result, low, high)) return { kind: exact ? 'many' : 'unknown' };
  return facts.nullCount > 0 ? { kind: 'many' } : { kind: 'one', value: low };
}

function sameValue(type: PrimitiveType, a: SingleValue | null, b: SingleValue | null): boolean {
  if (a === null || b === null) return a === b;
  return typeof a === typeof b && (a === b || comparatorOf(type)(a, b) === 0);
}

function fault(location: string, field: string, why: string): IcestreamError {
  return new IcestreamError('INVALID_ARGUMENT', `${location}: partition field ${JSON.stringify(field)} ${why}`, {
    file: location,
    column: field,
  });
}
