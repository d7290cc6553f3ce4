/** Summaries of partition values in a manifest (spec: Manifest Lists, field_summary). */
import { type Comparator, comparatorOf, isNaNValue } from './compare.ts';
import type { FieldSummary } from './data-file.ts';
import type { PartitionTuple } from './partition-spec.ts';
import type { PartitionFieldType } from './partition-types.ts';
import { singleValueToBytes } from './single-value.ts';
import { typeKind } from './type-parse.ts';
import type { SingleValue } from './types.ts';

interface Range {
  containsNull: boolean;
  containsNan: boolean;
  min: SingleValue | null;
  max: SingleValue | null;
}

/** Collects the tuples of a manifest's entries, deleted ones too. */
export class FieldSummaries {
  readonly #types: readonly PartitionFieldType[];
  readonly #comparators: readonly Comparator[];
  readonly #ranges: readonly Range[];

  constructor(types: readonly PartitionFieldType[]) {
    this.#types = types;
    this.#comparators = types.map(({ type }) => comparatorOf(type));
    this.#ranges = types.map(() => ({ containsNull: false, containsNan: false, min: null, max: null }));
  }

  add(tuple: PartitionTuple): void {
    this.#ranges.forEach((range, index) => {
      const value = tuple[index] ?? null;
      const compare = this.#comparators[index];
      if (value === null || compare === undefined) range.containsNull = true;
      else if (isNaNValue(value)) range.containsNan = true;
      else {
        if (range.min === null || compare(value, range.min) < 0) range.min = value;
        if (range.max === null || compare(value, range.max) > 0) range.max = value;
      }
    });
  }

  /** One summary per field, in spec order. */
  finish(): FieldSummary[] {
    return this.#ranges.map((range, index) => {
      const type = this.#types[index]?.type ?? 'unknown';
      const bytes = (value: SingleValue | null) =>
        value === null || typeKind(type) === 'unknown' ? undefined : singleValueToBytes(type, value);
      const [lowerBound, upperBound] = [bytes(range.min), bytes(range.max)];
      return {
        containsNull: range.containsNull,
        containsNan: range.containsNan,
        ...(lowerBound === undefined ? {} : { lowerBound }),
        ...(upperBound === undefined ? {} : { upperBound }),
      };
    });
  }
}
