/** How the columns of one data file become those of the scan (spec: Column Projection). */
import type { ArrowField, ArrowSchema } from '../engine/arrow-schema.ts';
import type { AlignConstant } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { type ColumnProblem, childPath, columnError } from '../format/column-problem.ts';
import { initialDefaults } from '../format/default-constants.ts';
import { readProblem } from '../format/file-compatibility.ts';
import { hasFieldIds } from '../format/file-leaves.ts';
import { withMappedIds } from '../format/mapped-ids.ts';
import { NAME_MAPPING_PROPERTY, type NameMapping } from '../format/name-mapping.ts';
import { schemaIndex } from '../spec/schema-index.ts';
import type { NestedField, StructType, Type } from '../spec/types.ts';
import type { Projection } from './projection.ts';
import type { TaskPartitionValue } from './scan-task.ts';

export interface FileProjectionRequest {
  readonly file: string;
  readonly schema: ArrowSchema;
  readonly projection: Projection;
  /** Null: the table has none. */
  readonly nameMapping: NameMapping | null;
  readonly partition: readonly TaskPartitionValue[];
  readonly formatVersion: 1 | 2 | 3;
}

export interface FileProjection {
  /** Names of the file's columns to read. */
  readonly columns: readonly string[];
  /** Those columns, with field ids. */
  readonly source: ArrowSchema;
  /** Values of columns that the file lacks; those without one are null. */
  readonly constants: readonly AlignConstant[];
}

/**
 * Columns are found by field id; in a file without ids by the table's name mapping. One that is not there has its
 * partition value, where the file is partitioned by identity of it, else its initial default, else null.
 * @throws IcestreamError SCHEMA_MISMATCH naming columns whose types cannot be read as the table's; UNSUPPORTED for a
 * file without ids in a table without a mapping, and for values of nested columns that would have to be made up.
 */
export function projectFile(request: FileProjectionRequest): FileProjection {
  const { file, projection } = request;
  const withIds = identified(request);
  const identities = identityValues(request.partition);
  const walk = new Walk(file, request.formatVersion, identities);
  walk.struct(withIds.fields, projection.schema, '');
  if (walk.problems.length > 0) {
    throw columnError('SCHEMA_MISMATCH', `${file} does not fit the table's schema`, walk.problems, { file });
  }
  const wanted = new Set(projection.schema.fields.map(({ id }) => id));
  const columns = new Set(
    withIds.fields.filter(({ fieldId }) => fieldId !== undefined && wanted.has(fieldId)).map(({ name }) => name),
  );
  return {
    columns: [...columns],
    // A name that comes twice is read twice: every column of it is declared.
    source: { fields: withIds.fields.filter(({ name }) => columns.has(name)) },
    constants: constantsOf(projection, identities),
  };
}

function identified({ file, schema, nameMapping }: FileProjectionRequest): ArrowSchema {
  if (hasFieldIds(schema)) return schema;
  if (nameMapping !== null) return withMappedIds(schema, nameMapping);
  throw new IcestreamError(
    'UNSUPPORTED',
    `${file} has no field ids, and the table has no ${NAME_MAPPING_PROPERTY} that says which column is which; set that property`,
    { file },
  );
}

/** Values by the field id of the column that the file is partitioned by as it is. */
function identityValues(partition: readonly TaskPartitionValue[]): ReadonlyMap<number, string | null> {
  const values = new Map<number, string | null>();
  for (const { transform, sourceIds, value } of partition) {
    const [id] = sourceIds;
    if (transform === 'identity' && id !== undefined) values.set(id, value);
  }
  return values;
}

function constantsOf({ schema }: Projection, identities: ReadonlyMap<number, string | null>): AlignConstant[] {
  const found: AlignConstant[] = [];
  const visit = (struct: StructType, path: readonly string[]): void => {
    for (const { id, name, type } of struct.fields) {
      const at = [...path, name];
      const value = identities.get(id);
      if (value !== undefined) found.push({ path: at, value });
      else if (typeof type !== 'string' && type.type === 'struct') visit(type, at);
    }
  };
  visit(schema, []);
  // The first of a path counts.
  return [...found, ...initialDefaults(schema)];
}

class Walk {
  readonly problems: ColumnProblem[] = [];
  readonly #file: string;
  readonly #formatVersion: 1 | 2 | 3;
  readonly #identities: ReadonlyMap<number, string | null>;

  constructor(file: string, formatVersion: 1 | 2 | 3, identities: ReadonlyMap<number, string | null>) {
    this.#file = file;
    this.#formatVersion = formatVersion;
    this.#identities = identities;
  }

  struct(file: readonly ArrowField[], table: StructType, path: string): void {
    for (const field of table.fields) {
      const at = childPath(path, field.name);
      const found = file.find((one) => one.fieldId === field.id);
      if (found === undefined) this.#missing(field, at);
      else this.#type(found, field.type, at);
    }
  }

  #type(file: ArrowField, table: Type, path: string): void {
    const { type } = file;
    if (typeof table === 'string') {
      const problem = readProblem(type, file.extension, table, this.#formatVersion);
      if (problem !== null) this.problems.push({ column: path, problem });
    } else if (table.type === 'struct' && type.kind === 'struct') {
      this.struct(type.fields, table, path);
    } else if (table.type === 'list' && (type.kind === 'list' || type.kind === 'fixed_size_list')) {
      this.#type(type.element, table.element, childPath(path, 'element'));
    } else if (table.type === 'map' && type.kind === 'map') {
      this.#type(type.key, table.key, childPath(path, 'key'));
      this.#type(type.value, table.value, childPath(path, 'value'));
    } else {
      this.problems.push({ column: path, problem: `is a ${type.kind} in the file and a ${table.type} in the table` });
    }
  }

  /** What is not in the file has one value for all rows; a nested value is not made up. */
  #missing(field: NestedField, path: string): void {
    const { type } = field;
    const value = this.#identities.get(field.id) ?? field['initial-default'] ?? null;
    if (typeof type === 'string') {
      if (field.required && value === null)
        this.problems.push({ column: path, problem: 'is required and not in the file' });
      return;
    }
    const inside = type.type === 'struct' ? schemaIndex(type).fields.map(({ id }) => id) : [];
    if (value !== null || inside.some((id) => this.#identities.has(id))) {
      throw new IcestreamError(
        'UNSUPPORTED',
        `column ${path} is not in ${this.#file}, and its value there, of a nested type, cannot be filled in yet; select other columns`,
        { column: path, file: this.#file },
      );
    }
    if (field.required) this.problems.push({ column: path, problem: 'is required and not in the file' });
  }
}
