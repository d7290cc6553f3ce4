/** Columns from the files' paths. */
import type { ArrowField, ArrowSchema } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { constantText } from '../format/constant-text.ts';
import { hivePathValues, valueFromText } from '../format/hive-path.ts';
import { icebergSchemaFromArrow } from '../format/iceberg-from-arrow.ts';
import type { PrimitiveType } from '../spec/types.ts';

/** A column that holds one value in all rows of a file. */
export interface Constant {
  readonly field: ArrowField;
  /** As the aligner takes it. */
  readonly value: string | null;
}

/** What the paths of a list of files say. */
export interface HivePath {
  /** The columns of a file's path. */
  columns(index: number): ReadonlySet<string>;
  /** The columns of a file's path that the file itself does not have. */
  constants(file: ArrowSchema, index: number): readonly Constant[];
  /** The file's schema with them. */
  extended(file: ArrowSchema, index: number): ArrowSchema;
}

/**
 * Types are taken over all files: long or date when every value is one, else string; those of `expected` win. With
 * `wanted`, no other columns are looked at.
 * @throws IcestreamError INVALID_VALUE naming the file whose value is not of the expected type.
 */
export function hivePaths(
  names: readonly string[],
  expected: ArrowSchema,
  wanted: readonly string[] | undefined,
): HivePath {
  const paths = names.map((name) => {
    const values = [...hivePathValues(name)];
    return new Map(wanted === undefined ? values : values.filter(([column]) => wanted.includes(column)));
  });
  const columns = new Set(paths.flatMap((path) => [...path.keys()]));
  const fields = new Map<string, ArrowField>();
  const types = new Map<string, PrimitiveType>();
  for (const name of columns) {
    const field = fieldOf(name, paths, expected);
    const [made] = icebergSchemaFromArrow({ fields: [field] }, { formatVersion: 3 }).fields;
    if (made === undefined || typeof made.type !== 'string') {
      throw new IcestreamError('SCHEMA_MISMATCH', `column ${name} is nested and cannot come from a path`, {
        column: name,
      });
    }
    fields.set(name, field);
    types.set(name, made.type);
  }
  const all = paths.map((path, i) =>
    Array.from(path, ([name, text]): Constant => {
      const field = fields.get(name) as ArrowField;
      if (text === null) return { field, value: null };
      const type = types.get(name) as PrimitiveType;
      const value = valueFromText(type, text);
      if (value !== undefined) return { field, value: constantText(type, value) };
      throw new IcestreamError(
        'INVALID_VALUE',
        `${names[i]}: ${JSON.stringify(text)} in the path is not a ${type}, which column ${name} is`,
        { file: names[i] ?? '', column: name },
      );
    }),
  );
  const constants = (file: ArrowSchema, index: number): readonly Constant[] => {
    const own = new Set(file.fields.map((f) => f.name));
    return (all[index] ?? []).filter(({ field }) => !own.has(field.name));
  };
  return {
    columns: (index) => new Set(paths[index]?.keys()),
    constants,
    extended: (file, index) => ({ fields: [...file.fields, ...constants(file, index).map(({ field }) => field)] }),
  };
}

function fieldOf(
  name: string,
  paths: ReadonlyArray<ReadonlyMap<string, string | null>>,
  expected: ArrowSchema,
): ArrowField {
  const known = expected.fields.find((f) => f.name === name);
  if (known !== undefined) {
    const { fieldId: _, ...field } = known;
    return { ...field, nullable: true };
  }
  const texts = paths.map((path) => path.get(name)).filter((text) => typeof text === 'string');
  const every = (test: (text: string) => boolean) => texts.length > 0 && texts.every(test);
  const nullable = { name, nullable: true };
  // A leading zero means something: 007 is a name, not a number.
  if (every((text) => /^-?(0|[1-9]\d*)$/.test(text) && valueFromText('long', text) !== undefined)) {
    return { ...nullable, type: { kind: 'int', bitWidth: 64, signed: true } };
  }
  if (every((text) => valueFromText('date', text) !== undefined)) {
    return { ...nullable, type: { kind: 'date', unit: 'day' } };
  }
  return { ...nullable, type: { kind: 'utf8', layout: 'offset32' } };
}
