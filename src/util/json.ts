/**
 * Lossless JSON: 64-bit numbers stay exact, unknown fields survive a round trip, and a hostile document is refused by
 * depth before it can exhaust the stack. Table metadata and REST bodies go through here, never through `JSON.parse`.
 */
import { isInteger, isSafeNumber, LosslessNumber, parse, stringify } from 'lossless-json';
import { IcestreamError } from '../errors.ts';

/** A number that neither `number` nor `bigint` can hold exactly; its text is kept and written back. */
export type JsonNumberText = LosslessNumber;

export interface ParseJsonOptions {
  /** Nesting allowed. Default 200: schemas nest far less. */
  readonly maxDepth?: number;
  /** What the text is, for errors: a location or "the catalog's answer". */
  readonly file?: string;
}

const DEFAULT_MAX_DEPTH = 200;
/** Integers of up to 15 digits are exact as `number`. */
const SHORT_INTEGER = /^-?[0-9]{1,15}$/;

/**
 * Parses JSON. Numbers become `number` where that is exact, integers beyond become `bigint`, anything else (and -0)
 * a {@link JsonNumberText}. Keys such as `__proto__` are ordinary keys. A key that occurs twice with different values
 * is refused.
 * @throws IcestreamError INVALID_METADATA with the position.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): unknown {
  const what = options.file ?? 'the text';
  const at = options.file === undefined ? {} : { file: options.file };
  // A byte order mark is not JSON, but some tools write one.
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
  if (nestsDeeper(body, maxDepth)) {
    throw new IcestreamError('INVALID_METADATA', `JSON of ${what} nests deeper than ${maxDepth} levels.`, at);
  }
  try {
    return parse(body, undefined, toNumber);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IcestreamError('INVALID_METADATA', `Not valid JSON in ${what}: ${reason}.`, { ...at, cause });
  }
}

/**
 * Writes JSON; `bigint` and {@link JsonNumberText} become bare numbers. Members that are `undefined` are left out.
 * @param indent Spaces per level. Default 0: one line.
 */
export function stringifyJson(value: unknown, indent = 0): string {
  const text = stringify(value, undefined, indent);
  if (text === undefined) throw new IcestreamError('INVALID_ARGUMENT', 'This value has no JSON form.');
  return text;
}

/** Whether a parsed value is a number kept as text. */
export function isJsonNumberText(value: unknown): value is JsonNumberText {
  return value instanceof LosslessNumber;
}

function toNumber(text: string): number | bigint | LosslessNumber {
  if (SHORT_INTEGER.test(text)) return text === '-0' ? new LosslessNumber(text) : Number(text);
  if (isInteger(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : BigInt(text);
  }
  const value = Number(text);
  return isSafeNumber(text) && !Object.is(value, -0) ? value : new LosslessNumber(text);
}

/** Counts brackets outside strings. */
function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = endOfString(text, i + 1);
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return false;
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end !== -1) {
    let backslashes = 0;
    while (end - backslashes - 1 >= start && text.charCodeAt(end - backslashes - 1) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}
