/** Values as the aligner takes its constants. */
import { singleValueToJson } from '../spec/single-value-json.ts';
import type { PrimitiveType, SingleValue } from '../spec/types.ts';

/** A value's JSON form without quotes (spec: Appendix D, JSON single-value serialization). */
export function constantText(type: PrimitiveType, value: SingleValue): string {
  return Object.is(value, -0) ? '-0' : String(singleValueToJson(type, value));
}
