/** New table columns from a source's columns, with fresh field ids. */
import type { ArrowField, ArrowSchema } from '../engine/arrow-schema.ts';
import type { Schema } from '../spec/schema.ts';
import type { NestedField } from '../spec/types.ts';
import { type ColumnProblem, childPath } from './column-problem.ts';
import { type ColumnAdder, type CompatibilityOptions, checkCompatibility } from './compatibility.ts';
import { ArrowConverter } from './iceberg-from-arrow.ts';

export interface Evolution {
  /** The table's schema, with what was added. Without a `schema-id` when something was. */
  readonly schema: Schema;
  /** Paths of the columns that were added; empty: the table's schema stands. */
  readonly added: readonly string[];
  /** The highest id in use, for `add-schema`. */
  readonly lastColumnId: number;
}

export interface EvolutionOptions extends Omit<CompatibilityOptions, 'adder'> {
  readonly formatVersion: 1 | 2 | 3;
  /** The table's `last-column-id`; new fields are numbered from the next. */
  readonly lastColumnId: number;
}

/**
 * The table's schema with the columns of a source that it lacks, nested ones too.
 * @throws IcestreamError as `checkCompatibility`; SCHEMA_MISMATCH also for names that differ in case only.
 */
export function withMissingColumns(source: ArrowSchema, table: Schema, options: EvolutionOptions): Evolution {
  const adder = new ArrowTypeAdder(options.formatVersion, options.lastColumnId);
  const fields = checkCompatibility(source, table, { ...options, adder });
  const { added, lastFieldId } = adder;
  if (added.length === 0) return { schema: table, added, lastColumnId: options.lastColumnId };
  const { 'schema-id': _, ...rest } = table;
  return { schema: { ...rest, fields }, added, lastColumnId: lastFieldId };
}

class ArrowTypeAdder implements ColumnAdder {
  /** Paths of what was added, in order. */
  readonly added: string[] = [];
  readonly #converter: ArrowConverter;

  constructor(formatVersion: 1 | 2 | 3, lastColumnId: number) {
    this.#converter = new ArrowConverter(formatVersion, lastColumnId + 1);
  }

  get problems(): readonly ColumnProblem[] {
    return this.#converter.problems;
  }

  get lastFieldId(): number {
    return this.#converter.lastFieldId;
  }

  /** Optional, whatever the source says: rows that are there already have no value. */
  add(fields: readonly ArrowField[], path: string): NestedField[] {
    const added = this.#converter.struct(fields, path).map((field) => ({ ...field, required: false }));
    this.added.push(...added.map((field) => childPath(path, field.name)));
    return added;
  }
}
