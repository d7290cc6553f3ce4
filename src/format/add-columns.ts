/** New table columns from a source's columns, with fresh field ids. */
import type { ArrowField } from '../engine/arrow-schema.ts';
import type { NestedField } from '../spec/types.ts';
import { type ColumnProblem, childPath } from './column-problem.ts';
import { ArrowConverter } from './iceberg-from-arrow.ts';

export class ArrowTypeAdder {
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
