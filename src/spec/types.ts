/**
 * Iceberg types in the spec's own JSON form (Appendix C): a primitive is its string, a nested type an object with
 * the spec's spelling. Objects read from a table keep fields this version does not know.
 */

/** Primitive types; `decimal(P,S)` and `fixed[L]` carry their arguments in the string. */
export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'timestamp_ns'
  | 'timestamptz_ns'
  | 'string'
  | 'uuid'
  | 'binary'
  | 'unknown'
  | 'variant'
  | `decimal(${string})`
  | `fixed[${number}]`
  | `geometry${string}`
  | `geography${string}`;

export interface NestedField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: Type;
  readonly doc?: string;
  /** v3: value of rows written before the field existed, in JSON single-value form (Appendix D). */
  readonly 'initial-default'?: unknown;
  /** v3: value for rows whose writer does not give the field. */
  readonly 'write-default'?: unknown;
}

export interface StructType {
  readonly type: 'struct';
  readonly fields: readonly NestedField[];
}

export interface ListType {
  readonly type: 'list';
  readonly 'element-id': number;
  readonly 'element-required': boolean;
  readonly element: Type;
}

export interface MapType {
  readonly type: 'map';
  readonly 'key-id': number;
  readonly key: Type;
  readonly 'value-id': number;
  readonly 'value-required': boolean;
  readonly value: Type;
}

export type NestedType = StructType | ListType | MapType;
export type Type = PrimitiveType | NestedType;

/**
 * A single value in memory, by type: boolean → boolean; int, date, float, double → number; long, time, timestamps
 * (their own unit) and decimal (unscaled) → bigint; string → string; uuid, fixed, binary → Uint8Array.
 */
export type SingleValue = boolean | number | bigint | string | Uint8Array;
