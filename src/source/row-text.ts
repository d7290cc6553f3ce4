/** Numbers as plain text. */

/** A number's shortest text without an exponent; null: not a finite number. */
export function plainDecimal(value: number): string | null {
  if (!Number.isFinite(value)) return null;
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toString());
  if (match === null) return value.toString();
  const [, sign = '', first = '', rest = '', exponent = '0'] = match;
  const digits = first + rest;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
