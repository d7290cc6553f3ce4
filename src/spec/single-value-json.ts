/** JSON single-value serialisation, which column defaults use (spec: Appendix D). */
import { IcestreamError } from '../errors.ts';
import { toHex } from '../util/encoding.ts';
import { isJsonNumberText } from '../util/json.ts';
import { formatDate, formatTime, formatTimestamp, parseDate, parseTime, parseTimestamp } from './date-time.ts';
import { decimalText, fitsPrecision, parseDecimalText } from './decimal.ts';
import { type PrimitiveInfo, parsePrimitive } from './type-parse.ts';
import type { PrimitiveType, SingleValue } from './types.ts';

/** The JSON form of a primitive value. Timestamps with a zone end in `+00:00`. */
export function singleValueToJson(type: PrimitiveType, value: SingleValue): unknown {
  const info = parsePrimitive(type);
  if (typeof value === 'bigint') return longToJson(info, value);
  if (value instanceof Uint8Array) return info.kind === 'uuid' ? formatUuid(value) : toHex(value);
  return info.kind === 'date' && typeof value === 'number' ? formatDate(value) : value;
}

function longToJson(info: PrimitiveInfo, value: bigint): unknown {
  switch (info.kind) {
    case 'decimal':
      return decimalText(value, info.scale);
    case 'time':
      return formatTime(value);
    case 'timestamp':
      return formatTimestamp(value, 'us');
    case 'timestamptz':
      return `${formatTimestamp(value, 'us')}+00:00`;
    case 'timestamp_ns':
      return formatTimestamp(value, 'ns');
    case 'timestamptz_ns':
      return `${formatTimestamp(value, 'ns')}+00:00`;
    default:
      return value;
  }
}

/**
 * The value of a primitive's JSON form; null stays null.
 * @throws IcestreamError INVALID_METADATA when it is not one.
 */
export function singleValueFromJson(type: PrimitiveType, json: unknown): SingleValue | null {
  if (json === null || json === undefined) return null;
  const value = fromJson(parsePrimitive(type), isJsonNumberText(json) ? Number(json.toString()) : json);
  if (value === null) {
    throw new IcestreamError('INVALID_METADATA', `${JSON.stringify(String(json))} is not a value of type ${type}.`);
  }
  return value;
}

function fromJson(info: PrimitiveInfo, json: unknown): SingleValue | null {
  switch (info.kind) {
    case 'boolean':
      return typeof json === 'boolean' ? json : null;
    case 'int':
      return typeof json === 'number' && Number.isInteger(json) && Math.abs(json) <= 2 ** 31 ? json : null;
    case 'long':
      return typeof json === 'bigint' ? json : Number.isInteger(json) ? BigInt(json as number) : null;
    case 'float':
    case 'double':
      return typeof json === 'number' ? json : typeof json === 'bigint' ? Number(json) : null;
    default:
      return typeof json === 'string' ? fromText(info, json) : null;
  }
}

function fromText(info: PrimitiveInfo, text: string): SingleValue | null {
  switch (info.kind) {
    case 'string':
      return text;
    case 'date':
      return parseDate(text);
    case 'time':
      return parseTime(text);
    case 'timestamp':
      return parseTimestamp(text, 'us', 'none');
    case 'timestamptz':
      return parseTimestamp(text, 'us', 'required');
    case 'timestamp_ns':
      return parseTimestamp(text, 'ns', 'none');
    case 'timestamptz_ns':
      return parseTimestamp(text, 'ns', 'required');
    case 'decimal': {
      const unscaled = parseDecimalText(text, info.scale);
      return unscaled !== null && fitsPrecision(unscaled, info.precision) ? unscaled : null;
    }
    case 'uuid':
      return parseUuid(text);
    case 'fixed': {
      const bytes = parseHex(text);
      return bytes?.length === info.length ? bytes : null;
    }
    case 'binary':
      return parseHex(text);
    default:
      return null;
  }
}

/** 16 bytes as `f79c3e09-677c-4bbd-a479-3f349cb785e7`. */
export function formatUuid(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The 16 bytes of a UUID's text; null when it is none. */
export function parseUuid(text: string): Uint8Array | null {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? parseHex(text.replaceAll('-', '')) : null;
}

function parseHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
