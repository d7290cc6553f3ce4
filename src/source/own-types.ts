/** Types that are given for columns of a format that has its own. */
import type { ArrowField, ArrowSchema } from '../engine/arrow-schema.ts';
import { arrowTypeName } from '../format/arrow-type-name.ts';
import { type ColumnProblem, columnError } from '../format/column-problem.ts';
import { ArrowConverter } from '../format/iceberg-from-arrow.ts';

/**
 * Types given are those to read text by; Parquet and Arrow columns are not cast.
 * @throws IcestreamError SCHEMA_MISMATCH naming columns that have another Iceberg type than the `schema` option gives.
 */
export function refuseOtherTypes(given: ArrowSchema, schema: ArrowSchema, source: string): void {
  const own = new Map(schema.fields.map((field) => [field.name, field]));
  const problems = given.fields.flatMap((field): ColumnProblem[] => {
    const found = own.get(field.name);
    if (found === undefined || isSame(field, found)) return [];
    const problem = `is ${arrowTypeName(found.type)}, not ${arrowTypeName(field.type)}`;
    return [
      { column: field.name, problem: `${problem}; leave it out, and create the table with the type it shall have` },
    ];
  });
  if (problems.length === 0) return;
  throw columnError('SCHEMA_MISMATCH', `${source} has types of its own, and option schema gives others`, problems, {
    file: source,
    option: 'schema',
  });
}

/** In one of the format versions: nanoseconds are read as microseconds in v2. */
function isSame(one: ArrowField, other: ArrowField): boolean {
  const type = icebergType(one, 3);
  return type !== null && ([2, 3] as const).some((version) => icebergType(other, version) === type);
}

/** As text, whether or not values may be null; null: there is none. */
function icebergType(field: ArrowField, formatVersion: 2 | 3): string | null {
  const converter = new ArrowConverter(formatVersion, 1);
  const [converted] = converter.struct([field], '');
  if (converted === undefined || converter.problems.length > 0) return null;
  return JSON.stringify(converted.type, (key, value) => (/required$/.test(key) ? undefined : value));
}
