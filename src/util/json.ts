/**
 * Lossless JSON: 64-bit numbers stay exact, unknown fields survive a round trip, and a hostile document is refused by
 * depth before it can exhaust the stack. Table metadata and REST bodies go through here, never through `JSON.parse`.
 */
import { IcestreamError } from '../errors.ts';
import { JsonNumberText } from './json-number.ts';
import { JsonReader } from './json-reader.ts';

export interface ParseJsonOptions {
  /** Nesting allowed. Default 200: schemas nest far less. */
  readonly maxDepth?: number;
  /** What the text is, for errors: a location or "the catalog's answer". */
  readonly file?: string;
}

const DEFAULT_MAX_DEPTH = 200;

/**
 * Parses JSON. Numbers become `number` where that is exact, integers beyond become `bigint`, anything else (and -0)
 * a {@link JsonNumberText}. Keys such as `__proto__` are ordinary keys. A key that occurs twice with different values
 * is refused.
 * @throws IcestreamError INVALID_METADATA with the position.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): unknown {
  const { file, maxDepth = DEFAULT_MAX_DEPTH } = options;
  // A byte order mark is not JSON, but some tools write one.
  const start = text.startsWith('\ufeff') ? 1 : 0;
  try {
    return new JsonReader(text, start, maxDepth).read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IcestreamError('INVALID_METADATA', `Not valid JSON in ${file ?? 'the text'}: ${reason}.`, {
      ...(file === undefined ? {} : { file }),
      cause,
    });
  }
}

/**
 * Writes JSON; `bigint` and {@link JsonNumberText} become bare numbers. Members that are `undefined` are left out.
 * @param indent Spaces per level. Default 0: one line.
 */
export function stringifyJson(value: unknown, indent = 0): string {
  const text = written(value, indent === 0 ? '' : '\n', ' '.repeat(indent));
  if (text === undefined) throw new IcestreamError('INVALID_ARGUMENT', 'This value has no JSON form.');
  return text;
}

/** Whether a parsed value is a number kept as text. */
export function isJsonNumberText(value: unknown): value is JsonNumberText {
  return value instanceof JsonNumberText;
}

/** `line`: what a line begins with, its break included; empty for all on one line. Undefined: there is no JSON of it. */
function written(value: unknown, line: string, step: string): string | undefined {
  if (typeof value === 'bigint' || isJsonNumberText(value)) return value.toString();
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value);
  const inner = line === '' ? '' : line + step;
  if (Array.isArray(value)) {
    const items = value.map((item) => written(item, inner, step) ?? 'null');
    return items.length === 0 ? '[]' : `[${inner}${items.join(`,${inner}`)}${line}]`;
  }
  const members = Object.entries(value).flatMap(([name, member]) => {
    const text = written(member, inner, step);
    return text === undefined ? [] : [`${JSON.stringify(name)}:${line === '' ? '' : ' '}${text}`];
  });
  return members.length === 0 ? '{}' : `{${inner}${members.join(`,${inner}`)}${line}}`;
}
