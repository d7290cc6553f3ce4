/** Decimals as unscaled bigints: their bytes and their text. */
import type { Bytes } from '../util/bytes.ts';

/** Two's complement, big-endian, in as few bytes as hold the value (Appendix B and D). */
export function minimalBigEndian(value: bigint): Bytes {
  let size = 1;
  while (BigInt.asIntN(size * 8, value) !== value) size += 1;
  return bigEndian(value, size);
}

/** Two's complement, big-endian, in exactly `size` bytes; the value must fit. */
export function bigEndian(value: bigint, size: number): Bytes {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** The value of big-endian two's complement bytes; 0 for none. */
export function fromBigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(Math.max(1, bytes.length) * 8, value);
}

/** Bytes that hold every decimal of a precision: the size of Avro and Parquet fixed columns. */
export function decimalRequiredBytes(precision: number): number {
  const limit = 10n ** BigInt(precision);
  let size = 1;
  while (1n << BigInt(size * 8 - 1) < limit) size += 1;
  return size;
}

/** Plain decimal text: `decimalText(1420n, 2)` is `14.20`. */
export function decimalText(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const text = scale === 0 ? whole : `${whole}.${digits.slice(-scale)}`;
  return negative ? `-${text}` : text;
}

const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** The unscaled value of decimal text at a scale; null when it is no decimal, or needs more digits after the point. */
export function parseDecimalText(text: string, scale: number): bigint | null {
  const match = DECIMAL_TEXT.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const shift = scale + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift < 0) {
    const divisor = 10n ** BigInt(-shift);
    if (digits % divisor !== 0n) return null;
    return sign === '-' ? -(digits / divisor) : digits / divisor;
  }
  const unscaled = digits * 10n ** BigInt(shift);
  return sign === '-' ? -unscaled : unscaled;
}

/** Whether an unscaled value has no more digits than the precision. */
export function fitsPrecision(unscaled: bigint, precision: number): boolean {
  const magnitude = unscaled < 0n ? -unscaled : unscaled;
  return magnitude < 10n ** BigInt(precision);
}
