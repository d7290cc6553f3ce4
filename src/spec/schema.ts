/** Table schemas (spec: Schemas and Data Types, Appendix C). */
import type { StructType } from './types.ts';

/** A schema in its JSON form. */
export interface Schema extends StructType {
  /** Absent only in a schema that is about to be added. */
  readonly 'schema-id'?: number;
  readonly 'identifier-field-ids'?: readonly number[];
}
