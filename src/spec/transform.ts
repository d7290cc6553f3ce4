/** Partition transforms as data: parsing, which types they take and give (spec: Partition Transforms). */
import { IcestreamError } from '../errors.ts';
import { typeKind } from './type-parse.ts';
import type { PrimitiveType, Type } from './types.ts';

export type TemporalTransform = 'year' | 'month' | 'day' | 'hour';

export type Transform =
  | { readonly kind: 'identity' | 'void' | TemporalTransform }
  | { readonly kind: 'bucket'; readonly buckets: number }
  | { readonly kind: 'truncate'; readonly width: number }
  /** One of a later version: files that have it can be read, but not written. */
  | { readonly kind: 'unknown'; readonly text: string };

const PARAMETERISED = /^(bucket|truncate)\[\s*(\d{1,10})\s*\]$/;
const PLAIN: ReadonlySet<string> = new Set(['identity', 'void', 'year', 'month', 'day', 'hour']);

/** Parses the spec's spelling (`bucket[16]`), in any letter case; anything else is `unknown`, never an error. */
export function parseTransform(text: string): Transform {
  const lower = text.toLowerCase();
  if (PLAIN.has(lower)) return { kind: lower as 'identity' };
  const match = PARAMETERISED.exec(lower);
  const argument = Number(match?.[2] ?? 0);
  if (argument < 1 || argument > 0x7fffffff) return { kind: 'unknown', text };
  return match?.[1] === 'bucket' ? { kind: 'bucket', buckets: argument } : { kind: 'truncate', width: argument };
}

/** The spec's spelling. */
export function formatTransform(transform: Transform): string {
  if (transform.kind === 'bucket') return `bucket[${transform.buckets}]`;
  if (transform.kind === 'truncate') return `truncate[${transform.width}]`;
  return transform.kind === 'unknown' ? transform.text : transform.kind;
}

const DATE_LIKE = ['date', 'timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns'];
const NO_IDENTITY: ReadonlySet<string> = new Set(['geometry', 'geography', 'variant']);
const ACCEPTED: Readonly<Record<'bucket' | 'truncate' | TemporalTransform, ReadonlySet<string>>> = {
  bucket: new Set(['int', 'long', 'decimal', 'time', 'string', 'uuid', 'fixed', 'binary', ...DATE_LIKE]),
  truncate: new Set(['int', 'long', 'decimal', 'string', 'binary']),
  year: new Set(DATE_LIKE),
  month: new Set(DATE_LIKE),
  day: new Set(DATE_LIKE),
  hour: new Set(DATE_LIKE.slice(1)),
};

/** Whether a column of this type may have the transform. An unknown transform takes anything. */
export function canApplyTransform(transform: Transform, type: Type): boolean {
  const kind = typeKind(type);
  switch (transform.kind) {
    case 'void':
    case 'unknown':
      return true;
    case 'identity':
      return typeof type === 'string' && !NO_IDENTITY.has(kind);
    default:
      return ACCEPTED[transform.kind].has(kind);
  }
}

/** Type of the partition value. `day` gives a date, the other temporal transforms and `bucket` an int. */
export function transformResultType(transform: Transform, source: PrimitiveType): PrimitiveType {
  switch (transform.kind) {
    case 'bucket':
    case 'year':
    case 'month':
    case 'hour':
      return 'int';
    case 'day':
      return 'date';
    case 'unknown':
      return 'string';
    default:
      return source;
  }
}

/** Whether a larger source value never gives a smaller result: bounds of the source then bound the result. */
export function preservesOrder(transform: Transform): boolean {
  return transform.kind !== 'bucket' && transform.kind !== 'void' && transform.kind !== 'unknown';
}

/**
 * Throws unless the transform is known and takes the column's type.
 * @throws IcestreamError INVALID_ARGUMENT naming the column and what the transform takes.
 */
export function requireApplicable(transform: Transform, type: Type, column: string): void {
  const name = formatTransform(transform);
  if (transform.kind === 'unknown') {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `There is no partition transform ${JSON.stringify(name)}; use identity, bucket[N], truncate[W], year, month, day, hour or void.`,
      { column },
    );
  }
  if (canApplyTransform(transform, type)) return;
  const kind = typeKind(type);
  const takes =
    transform.kind === 'identity' || transform.kind === 'void'
      ? 'a primitive'
      : [...ACCEPTED[transform.kind]].join(', ');
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `The transform ${name} does not take column ${JSON.stringify(column)} of type ${kind}; it takes ${takes}.`,
    { column },
  );
}
