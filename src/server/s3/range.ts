/** `Range: bytes=…` */
import type { R2Range } from '../../storage/r2/binding.ts';

/** Null: none, or one that is ignored as RFC 9110 says and S3 does (several ranges, another unit, spaces, an end before the start). */
export function parseRange(header: string | null): R2Range | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header ?? '') ?? [];
  if (first === '') return last === '' ? null : { suffix: Number(last) };
  const offset = Number(first);
  if (last === '') return { offset };
  return Number(last) < offset ? null : { offset, length: Number(last) - offset + 1 };
}

/** The bytes `[start, end)` that a range is in an object of this size; null: it has none of them. */
export function rangeIn(range: R2Range, sizeBytes: number): { readonly start: number; readonly end: number } | null {
  const start = 'suffix' in range ? Math.max(0, sizeBytes - range.suffix) : range.offset;
  const end = 'suffix' in range || range.length === undefined ? sizeBytes : Math.min(sizeBytes, start + range.length);
  return start < end ? { start, end } : null;
}
