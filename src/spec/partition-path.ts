/** Partition values as people and file listings see them (Java: PartitionSpec.partitionToPath). Readers never parse it. */
import { toBase64 } from '../util/encoding.ts';
import { formatDate, formatYear } from './date-time.ts';
import type { BoundPartitionField } from './partition-bind.ts';
import type { PartitionTuple } from './partition-spec.ts';
import { singleValueToJson } from './single-value-json.ts';
import { parseTransform, type Transform } from './transform.ts';
import type { PrimitiveType, SingleValue } from './types.ts';

/** `date_month=2017-11/name=a%2Fb`, or an empty string for an unpartitioned table. */
export function partitionPath(
  fields: readonly Pick<BoundPartitionField, 'field' | 'resultType'>[],
  values: PartitionTuple,
): string {
  return fields
    .map(({ field, resultType }, index) => {
      const text = humanValue(parseTransform(field.transform), resultType, values[index] ?? null);
      return `${formEncode(field.name)}=${formEncode(text)}`;
    })
    .join('/');
}

/** A partition value for people: months as `2017-11`, days as dates, bytes as base64, null as `null`. */
export function humanValue(transform: Transform, resultType: PrimitiveType, value: SingleValue | null): string {
  if (value === null) return 'null';
  if (typeof value === 'number') {
    switch (transform.kind) {
      case 'year':
        return formatYear(1970 + value);
      case 'month':
        return `${formatYear(1970 + Math.floor(value / 12))}-${two((((value % 12) + 12) % 12) + 1)}`;
      case 'day':
        return formatDate(value);
      case 'hour': {
        const day = Math.floor(value / 24);
        return `${formatDate(day)}-${two(value - day * 24)}`;
      }
      default:
    }
  }
  if (value instanceof Uint8Array && resultType !== 'uuid') return toBase64(value);
  return String(singleValueToJson(resultType, value));
}

/** As Java's URLEncoder: form encoding of the UTF-8 bytes, where a space is `+` and only `.-*_` stay beside letters. */
export function formEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function two(value: number): string {
  return value.toString().padStart(2, '0');
}
