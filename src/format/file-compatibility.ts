/** Whether an existing Parquet file can be a data file of a table as it is: nothing is cast when it is registered. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import type { ParquetFooter } from '../engine/footer.ts';
import type { Schema } from '../spec/schema.ts';
import { describeType, parsePrimitive } from '../spec/type-parse.ts';
import { canPromote } from '../spec/type-promotion.ts';
import type { NestedField, PrimitiveType, StructType, Type } from '../spec/types.ts';
import { arrowTypeName } from './arrow-type-name.ts';
import { type ColumnProblem, childPath, columnError, nameProblems } from './column-problem.ts';
import { arrowChildren, fileLeaves } from './file-leaves.ts';
import { ArrowConverter } from './iceberg-from-arrow.ts';

export interface FileCompatibilityOptions {
  /** The file's location, for messages. */
  readonly file: string;
  /** For messages: the table's identifier. */
  readonly table?: string;
  readonly formatVersion: 1 | 2 | 3;
}

/**
 * Compares a file's schema, with field ids (its own, or by `withMappedIds`), with the table's. Types must be equal or
 * promote; a required column must be there without a null.
 * @throws IcestreamError SCHEMA_MISMATCH naming every column at fault.
 */
export function checkFileCompatibility(
  file: ArrowSchema,
  footer: ParquetFooter,
  table: Schema,
  options: FileCompatibilityOptions,
): void {
  const check = new FileCheck(options.formatVersion, nullFree(footer, file));
  check.struct(file.fields, table, '');
  if (check.problems.length === 0) return;
  const into = options.table === undefined ? 'the table' : `table ${options.table}`;
  throw columnError('SCHEMA_MISMATCH', `${options.file} cannot be a file of ${into}`, check.problems);
}

/** Field ids of leaves that the footer shows to hold no null. */
function nullFree(footer: ParquetFooter, file: ArrowSchema): ReadonlySet<number> {
  const ids = new Set<number>();
  for (const { facts, fieldId } of fileLeaves(footer.leaves, file)) {
    if (fieldId !== null && facts.nullCount === 0) ids.add(fieldId);
  }
  return ids;
}

class FileCheck {
  readonly problems: ColumnProblem[] = [];
  readonly #formatVersion: 1 | 2 | 3;
  readonly #nullFree: ReadonlySet<number>;

  constructor(formatVersion: 1 | 2 | 3, nullFreeIds: ReadonlySet<number>) {
    this.#formatVersion = formatVersion;
    this.#nullFree = nullFreeIds;
  }

  struct(file: readonly ArrowField[], table: StructType, path: string): void {
    this.problems.push(
      ...nameProblems(
        file.map((f) => f.name),
        path,
      ),
    );
    const byId = new Map(file.map((f) => [f.fieldId, f]));
    const tableIds = new Set(table.fields.map((f) => f.id));
    for (const field of table.fields) {
      const at = childPath(path, field.name);
      const given = byId.get(field.id);
      if (given !== undefined) this.field(given, field, at);
      else if (field.required && (field['initial-default'] ?? null) === null) {
        this.problems.push({ column: at, problem: 'is required and not in the file' });
      }
    }
    for (const field of file) {
      if (field.fieldId !== undefined && tableIds.has(field.fieldId)) continue;
      this.problems.push({
        column: childPath(path, field.name),
        problem: 'is in the file and not in the table, where nobody could read it; add the column to the table first',
      });
    }
  }

  field(file: ArrowField, table: NestedField, path: string): void {
    this.#child(file, table.type, table.required, path);
  }

  #child(file: ArrowField, table: Type, required: boolean, path: string): void {
    if (required && file.nullable && arrowChildren(file.type).length === 0) {
      if (file.fieldId === undefined || !this.#nullFree.has(file.fieldId)) {
        this.problems.push({
          column: path,
          problem: 'is required, and the file has nulls there (or does not say it has none)',
        });
      }
    } else if (required && file.nullable) {
      this.problems.push({ column: path, problem: 'is required, and the file has it as optional' });
    }
    this.#type(file.type, file.extension, table, path);
  }

  #type(file: ArrowType, extension: string | undefined, table: Type, path: string): void {
    if (file.kind === 'dictionary' || file.kind === 'run_end_encoded') {
      this.#type(file.value, extension, table, path);
    } else if (typeof table === 'string') {
      const problem = readProblem(file, extension, table, this.#formatVersion);
      if (problem !== null) this.problems.push({ column: path, problem });
    } else if (table.type === 'struct' && file.kind === 'struct') {
      this.struct(file.fields, table, path);
    } else if (table.type === 'list' && (file.kind === 'list' || file.kind === 'fixed_size_list')) {
      this.#nested(file.element, table['element-id'], table.element, table['element-required'], `${path}.element`);
    } else if (table.type === 'map' && file.kind === 'map') {
      this.#nested(file.key, table['key-id'], table.key, true, `${path}.key`);
      this.#nested(file.value, table['value-id'], table.value, table['value-required'], `${path}.value`);
    } else {
      this.problems.push({ column: path, problem: differs(file, table) });
    }
  }

  #nested(file: ArrowField, id: number, table: Type, required: boolean, path: string): void {
    if (file.fieldId !== id) {
      this.problems.push({
        column: path,
        problem: `has field id ${file.fieldId ?? 'none'} in the file and ${id} in the table`,
      });
      return;
    }
    // A map's key is never null, and readers take an optional element for a required one's superset.
    this.#child(path.endsWith('.key') ? { ...file, nullable: false } : file, table, required, path);
  }
}

/**
 * Why a file's column of type `file` cannot be read as one of type `table` without a cast that the spec does not allow;
 * null when it can.
 */
export function readProblem(
  file: ArrowType,
  extension: string | undefined,
  table: PrimitiveType,
  formatVersion: 1 | 2 | 3,
): string | null {
  if (file.kind === 'dictionary' || file.kind === 'run_end_encoded') {
    return readProblem(file.value, extension, table, formatVersion);
  }
  if (arrowChildren(file).length > 0) return differs(file, table);
  if (file.kind === 'int' && !file.signed && file.bitWidth >= 32) {
    return `is ${arrowTypeName(file)}, which Iceberg readers do not know; write the file again with signed integers`;
  }
  if ((file.kind === 'time' || file.kind === 'timestamp') && !readableUnit(file.unit, table)) {
    return `${differs(file, table)}: the unit does not fit; write the file again in microseconds`;
  }
  const info = parsePrimitive(table);
  if (info.kind === 'uuid' && file.kind === 'fixed_size_binary' && file.byteWidth === 16) return null;
  if (info.kind === 'binary' && file.kind === 'utf8') return null;
  if (info.kind === 'string' && file.kind === 'binary') return null;
  const converter = new ArrowConverter(formatVersion, 1);
  const type = converter.type(extension === undefined ? { type: file } : { type: file, extension }, '');
  if (converter.problems.length > 0 || typeof type !== 'string') return differs(file, table);
  return canPromote(type, table, formatVersion) ? null : differs(file, table);
}

/** Readers scale milliseconds; nothing makes microseconds of nanoseconds, nor reads bare integers as seconds. */
function readableUnit(unit: string, table: PrimitiveType): boolean {
  if (table.endsWith('_ns')) return unit === 'ns';
  return unit === 'us' || unit === 'ms';
}

function differs(file: ArrowType, table: Type): string {
  return `is ${arrowTypeName(file)} in the file and ${describeType(table)} in the table`;
}
