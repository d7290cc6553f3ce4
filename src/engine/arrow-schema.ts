/** Arrow schemas as plain data: what the engine reports of a source and takes as the schema of a file. */

/** Types in types; the engine gives out no deeper schemas (`schema_json.rs`), so that what was written deeper could not be read. */
export const MOST_NESTED_TYPES = 32;

export type TimeUnit = 's' | 'ms' | 'us' | 'ns';

export type ArrowType =
  | { readonly kind: 'null' | 'bool' }
  | { readonly kind: 'int'; readonly bitWidth: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bitWidth: 16 | 32 | 64 }
  | {
      readonly kind: 'decimal';
      readonly bitWidth: 32 | 64 | 128 | 256;
      readonly precision: number;
      readonly scale: number;
    }
  | { readonly kind: 'date'; readonly unit: 'day' | 'ms' }
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly timezone: string | null }
  | { readonly kind: 'duration'; readonly unit: TimeUnit }
  | { readonly kind: 'interval'; readonly unit: string }
  | { readonly kind: 'utf8' | 'binary'; readonly layout: 'offset32' | 'offset64' | 'view' }
  | { readonly kind: 'fixed_size_binary'; readonly byteWidth: number }
  | {
      readonly kind: 'list';
      readonly layout: 'offset32' | 'offset64' | 'view32' | 'view64';
      readonly element: ArrowField;
    }
  | { readonly kind: 'fixed_size_list'; readonly length: number; readonly element: ArrowField }
  | { readonly kind: 'struct'; readonly fields: readonly ArrowField[] }
  | { readonly kind: 'map'; readonly key: ArrowField; readonly value: ArrowField }
  | { readonly kind: 'dictionary'; readonly value: ArrowType }
  | { readonly kind: 'run_end_encoded'; readonly value: ArrowType }
  | { readonly kind: 'union' };

export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: ArrowType;
  /** The Iceberg / Parquet field id (`PARQUET:field_id`), where it is known. */
  readonly fieldId?: number;
  /** An Arrow extension type's name (`arrow.uuid`), where there is one. */
  readonly extension?: string;
}

export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
}
