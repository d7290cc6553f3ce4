/** Numbers of JSON without loss. */

/** A number that neither `number` nor `bigint` can hold exactly; its text is kept and written back. */
export class JsonNumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** A number's text as `number` where that is exact, integers beyond as `bigint`, anything else (and -0) as it stands. */
export function jsonNumber(text: string): number | bigint | JsonNumberText {
  const value = Number(text);
  if (Object.is(value, -0)) return new JsonNumberText(text);
  if (Number.isSafeInteger(value)) return value;
  if (/^-?[0-9]+$/.test(text)) return BigInt(text);
  const isExact = !Number.isInteger(value) && significantDigits(text) === significantDigits(String(value));
  return isExact ? value : new JsonNumberText(text);
}

/** `-0.0340e5` → `34`. */
function significantDigits(text: string): string {
  const [mantissa = ''] = text.toLowerCase().split('e');
  return mantissa.replace(/[-.]/g, '').replace(/^0+|0+$/g, '');
}
