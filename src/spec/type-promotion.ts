/** Type promotions that schema evolution allows (spec: Schema Evolution). */
import { parsePrimitive } from './type-parse.ts';
import type { PrimitiveType } from './types.ts';

/**
 * Whether a column of type `from` may become `to` without rewriting files. A type promotes to itself.
 * Partition transforms restrict it further: see {@link promotionKeepsTransform}.
 */
export function canPromote(from: PrimitiveType, to: PrimitiveType, formatVersion: number): boolean {
  const a = parsePrimitive(from);
  const b = parsePrimitive(to);
  switch (a.kind) {
    case 'decimal':
      return b.kind === 'decimal' && b.scale === a.scale && b.precision >= a.precision;
    case 'fixed':
      return b.kind === 'fixed' && b.length === a.length;
    case 'geometry':
      return b.kind === 'geometry' && b.crs === a.crs;
    case 'geography':
      return b.kind === 'geography' && b.crs === a.crs && b.algorithm === a.algorithm;
    case 'int':
      return b.kind === 'int' || b.kind === 'long';
    case 'float':
      return b.kind === 'float' || b.kind === 'double';
    case 'date':
      return b.kind === 'date' || (formatVersion >= 3 && (b.kind === 'timestamp' || b.kind === 'timestamp_ns'));
    case 'unknown':
      return b.kind === 'unknown' || formatVersion >= 3;
    default:
      return a.kind === b.kind;
  }
}
