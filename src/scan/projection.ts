/** The columns that a scan gives, and what of them this version cannot read. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { arrowSchemaFromIceberg } from '../format/arrow-from-iceberg.ts';
import type { Schema } from '../spec/schema.ts';
import { visitFields } from '../spec/schema-index.ts';
import { parsePrimitive } from '../spec/type-parse.ts';
import type { NestedField } from '../spec/types.ts';

export interface Projection {
  /** Only the columns wanted, in the order wanted. */
  readonly schema: Schema;
  readonly schemaId: number;
  /** The Arrow schema of the batches. */
  readonly arrow: ArrowSchema;
}

const METADATA_COLUMNS = [
  '_row_id',
  '_last_updated_sequence_number',
  '_file',
  '_pos',
  '_spec_id',
  '_partition',
  '_deleted',
];
const UNREADABLE = ['unknown', 'variant', 'geometry', 'geography'];

/**
 * @param select Names of top-level columns. Undefined: all.
 * @throws IcestreamError INVALID_ARGUMENT for a name that is no column, or comes twice; UNSUPPORTED for a column of a
 * type that cannot be read, and for metadata columns.
 */
export function projectColumns(schema: Schema, select: readonly string[] | undefined): Projection {
  return projectionOf(schema, select === undefined ? schema.fields : selected(schema, select));
}

/** The projection that a task was planned with. */
export function projectFieldIds(schema: Schema, fieldIds: readonly number[]): Projection {
  const fields = fieldIds.map((id) => {
    const field = schema.fields.find((one) => one.id === id);
    if (field !== undefined) return field;
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `the task wants field ${id}, which schema ${schema['schema-id']} lacks`,
      {
        option: 'task',
      },
    );
  });
  return projectionOf(schema, fields);
}

function projectionOf(schema: Schema, fields: readonly NestedField[]): Projection {
  const { 'identifier-field-ids': _, ...rest } = schema;
  const projected = { ...rest, fields };
  visitFields(projected, ({ path, type }) => {
    if (typeof type !== 'string' || !UNREADABLE.includes(parsePrimitive(type).kind)) return;
    throw new IcestreamError(
      'UNSUPPORTED',
      `column ${path} is of type ${type}, which cannot be read yet; select others`,
      {
        column: path,
      },
    );
  });
  return { schema: projected, schemaId: schema['schema-id'] ?? 0, arrow: arrowSchemaFromIceberg(projected) };
}

function selected(schema: Schema, names: readonly string[]): NestedField[] {
  if (names.length === 0) throw new IcestreamError('INVALID_ARGUMENT', 'select names no column', { option: 'select' });
  const byName = new Map(schema.fields.map((field) => [field.name, field]));
  const seen = new Set<string>();
  return names.map((name) => {
    const field = byName.get(name);
    if (field === undefined) throw noColumn(schema, name);
    if (seen.has(name)) throw refused(name, `${JSON.stringify(name)} is selected twice`);
    seen.add(name);
    return field;
  });
}

function noColumn(schema: Schema, name: string): IcestreamError {
  const quoted = JSON.stringify(name);
  if (METADATA_COLUMNS.includes(name)) {
    return new IcestreamError('UNSUPPORTED', `the metadata column ${quoted} cannot be read yet`, { column: name });
  }
  const parent = schema.fields.find((field) => name.startsWith(`${field.name}.`));
  if (parent !== undefined) {
    return new IcestreamError(
      'UNSUPPORTED',
      `${quoted}: fields of a column cannot be selected yet; select ${parent.name}`,
      {
        column: name,
      },
    );
  }
  const near = schema.fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  const names = schema.fields.slice(0, 20).map((field) => field.name);
  const more = schema.fields.length > names.length ? ', …' : '';
  const hint =
    near === undefined ? `the table has ${names.join(', ')}${more}` : `did you mean ${JSON.stringify(near.name)}`;
  return refused(name, `there is no column ${quoted}; ${hint}`);
}

function refused(column: string, message: string): IcestreamError {
  return new IcestreamError('INVALID_ARGUMENT', message, { column, option: 'select' });
}
