/** Cutting bounds so that they still bound (Java: UnicodeUtil, BinaryUtil). */
import { firstCodePoints } from './code-points.ts';

/** The first code points: never above the value. */
export function truncateStringMin(value: string, length: number): string {
  return firstCodePoints(value, length);
}

/**
 * A string of at most so many code points that is above everything that begins as the value does; null when there is
 * none, because all those code points are the last one.
 */
export function truncateStringMax(value: string, length: number): string | null {
  const cut = firstCodePoints(value, length);
  if (cut.length === value.length) return value;
  const points = Array.from(cut, (c) => c.codePointAt(0) ?? 0);
  for (let i = points.length - 1; i >= 0; i--) {
    const next = nextCodePoint(points[i] ?? 0);
    if (next !== null) return String.fromCodePoint(...points.slice(0, i), next);
  }
  return null;
}

/** Surrogates are no characters of their own: the one after U+D7FF is U+E000. */
function nextCodePoint(point: number): number | null {
  if (point === 0x10ffff) return null;
  return point === 0xd7ff ? 0xe000 : point + 1;
}

export function truncateBinaryMin(value: Uint8Array, length: number): Uint8Array {
  return value.slice(0, length);
}

/** As {@link truncateStringMax}, by bytes. */
export function truncateBinaryMax(value: Uint8Array, length: number): Uint8Array | null {
  if (value.length <= length) return value;
  for (let i = length - 1; i >= 0; i--) {
    const byte = value[i] ?? 0xff;
    if (byte < 0xff) {
      const cut = value.slice(0, i + 1);
      cut[i] = byte + 1;
      return cut;
    }
  }
  return null;
}
