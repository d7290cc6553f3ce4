/** The order of values by type, for bounds and partition summaries (spec: Manifests, bounds; Sorting). */
import { compareUtf8 } from '../util/encoding.ts';
import { parsePrimitive } from './type-parse.ts';
import type { PrimitiveType, SingleValue } from './types.ts';

/** Negative, zero or positive. NaN must be kept out of bounds: see {@link isNaNValue}. */
export type Comparator = (a: SingleValue, b: SingleValue) => number;

/**
 * The comparator of a type: strings by UTF-8 bytes, bytes as unsigned, floating point with -0 before +0 and NaN last
 * (one with the sign bit cannot be told from another here).
 */
export function comparatorOf(type: PrimitiveType): Comparator {
  switch (parsePrimitive(type).kind) {
    case 'float':
    case 'double':
      return (a, b) => compareFloats(a as number, b as number);
    case 'string':
      return (a, b) => compareUtf8(a as string, b as string);
    case 'uuid':
    case 'fixed':
    case 'binary':
      return (a, b) => compareBytes(a as Uint8Array, b as Uint8Array);
    default:
      return (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  }
}

export function isNaNValue(value: SingleValue): boolean {
  return typeof value === 'number' && Number.isNaN(value);
}

/** Total order of IEEE 754 but for the sign of NaN. */
function compareFloats(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return a === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** Unsigned, byte by byte; a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
