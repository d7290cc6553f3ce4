/** Whether a source's rows can go into a table: by name, before anything is read or uploaded. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import type { Schema } from '../spec/schema.ts';
import { describeType } from '../spec/type-parse.ts';
import type { NestedField, StructType, Type } from '../spec/types.ts';
import { arrowTypeName } from './arrow-type-name.ts';
import { castProblem } from './casts.ts';
import { type ColumnProblem, childPath, columnError, nameProblems } from './column-problem.ts';
import { hasWriteDefault } from './write-defaults.ts';

export interface CompatibilityOptions {
  /** For messages: the source's name. */
  readonly source?: string;
  /** For messages: the table's identifier. */
  readonly table?: string;
  /** Makes columns of those that the table lacks, nested ones too. Default: each is a problem. */
  readonly adder?: ColumnAdder;
}

/** `withMissingColumns` gives one; most loads add no columns, and need not have its code. */
export interface ColumnAdder {
  readonly problems: readonly ColumnProblem[];
  /** The fields of these columns, with fresh ids. */
  add(fields: readonly ArrowField[], path: string): NestedField[];
}

/**
 * Compares a source's schema with a table's. Names match exactly; order does not matter. A source column that may
 * hold nulls may go into a required one: the aligner refuses the nulls themselves.
 * @returns the table's fields, with what was added.
 * @throws IcestreamError SCHEMA_MISMATCH naming every column at fault; UNSUPPORTED for a nested column that the source
 * lacks and that has a write-default.
 */
export function checkCompatibility(
  source: ArrowSchema,
  table: Schema,
  options: CompatibilityOptions = {},
): readonly NestedField[] {
  const { adder = null } = options;
  const check = new Check(adder);
  const { fields } = check.struct(source.fields, table, '');
  const problems = [...check.problems, ...(adder?.problems ?? [])];
  if (problems.length === 0) return fields;
  const into = options.table === undefined ? 'the table' : `table ${options.table}`;
  throw columnError('SCHEMA_MISMATCH', `${options.source ?? 'the source'} does not fit ${into}`, problems, {
    ...(options.source === undefined ? {} : { file: options.source }),
    ...(options.table === undefined ? {} : { table: options.table }),
  });
}

class Check {
  readonly problems: ColumnProblem[] = [];
  readonly #adder: ColumnAdder | null;

  constructor(adder: ColumnAdder | null) {
    this.#adder = adder;
  }

  /** The table's struct, with what was added. */
  struct(source: readonly ArrowField[], table: StructType, path: string): StructType {
    const names = source.map((f) => f.name);
    this.problems.push(...nameProblems(names, path));
    const bySourceName = new Map(source.map((f) => [f.name, f]));
    const tableNames = new Set(table.fields.map((f) => f.name));
    const fields = table.fields.map((field) => {
      const given = bySourceName.get(field.name);
      const at = childPath(path, field.name);
      if (given !== undefined) return this.field(given, field, at);
      this.#missing(field, at, names);
      return field;
    });
    const extra = source.filter((f) => f.name !== '' && !tableNames.has(f.name));
    const added = this.#extra(extra, [...tableNames], path);
    return added.length === 0 && fields.every((f, i) => f === table.fields[i])
      ? table
      : { ...table, fields: [...fields, ...added] };
  }

  field(source: ArrowField, table: NestedField, path: string): NestedField {
    const type = this.type(source.type, table.type, path);
    if (stripped(source.type).kind === 'null' && table.required) {
      this.problems.push({ column: path, problem: 'is required, and the source holds only nulls' });
    }
    return type === table.type ? table : { ...table, type };
  }

  type(source: ArrowType, table: Type, path: string): Type {
    const from = stripped(source);
    if (typeof table === 'string') {
      const problem = isNested(from) ? 'one is nested, the other is not' : castProblem(from, table);
      if (problem !== null) this.#types(path, from, table, problem);
      return table;
    }
    if (from.kind === 'null') return table;
    switch (table.type) {
      case 'struct':
        if (from.kind === 'struct') return this.struct(from.fields, table, path);
        break;
      case 'list':
        if (from.kind === 'list' || from.kind === 'fixed_size_list') {
          const element = this.type(from.element.type, table.element, childPath(path, 'element'));
          return element === table.element ? table : { ...table, element };
        }
        break;
      case 'map':
        if (from.kind === 'map') {
          // A map's key never gains fields: that would change which entries are the same.
          const key = new Check(null);
          key.type(from.key.type, table.key, childPath(path, 'key'));
          this.problems.push(...key.problems);
          const value = this.type(from.value.type, table.value, childPath(path, 'value'));
          return value === table.value ? table : { ...table, value };
        }
        break;
    }
    this.#types(path, from, table, 'the types do not convert into each other');
    return table;
  }

  #missing(field: NestedField, path: string, sourceNames: readonly string[]): void {
    const hint = caseHint(field.name, sourceNames);
    if (hasWriteDefault(field)) {
      // The aligner fills in one value of a primitive type; Iceberg Java knows no other defaults either.
      if (typeof field.type === 'string') return;
      throw new IcestreamError(
        'UNSUPPORTED',
        `column ${path} is not in the source, and its write-default, of a nested type, cannot be filled in; give the column${hint}`,
        { column: path },
      );
    }
    if (field.required) {
      this.problems.push({ column: path, problem: `is required and not in the source${hint}` });
    }
  }

  #extra(extra: readonly ArrowField[], tableNames: readonly string[], path: string): NestedField[] {
    if (extra.length === 0) return [];
    const clashes = extra.filter((f) => caseHint(f.name, tableNames) !== '');
    const wanted = this.#adder === null ? extra : clashes;
    for (const field of wanted) {
      const hint = caseHint(field.name, tableNames);
      const fix =
        this.#adder === null
          ? "; leave it out, or add it with schemaEvolution: 'addColumns'"
          : '; names that differ only in case are not added: rename one';
      this.problems.push({ column: childPath(path, field.name), problem: `is not in the table${hint}${fix}` });
    }
    return this.#adder === null || clashes.length > 0 ? [] : this.#adder.add(extra, path);
  }

  #types(path: string, from: ArrowType, to: Type, problem: string): void {
    this.problems.push({
      column: path,
      problem: `is ${arrowTypeName(from)} in the source and ${describeType(to)} in the table: ${problem}`,
    });
  }
}

function stripped(type: ArrowType): ArrowType {
  return type.kind === 'dictionary' || type.kind === 'run_end_encoded' ? stripped(type.value) : type;
}

function isNested(type: ArrowType): boolean {
  return ['list', 'fixed_size_list', 'struct', 'map'].includes(type.kind);
}

function caseHint(name: string, others: readonly string[]): string {
  const other = others.find((o) => o !== name && o.toLowerCase() === name.toLowerCase());
  return other === undefined ? '' : ` (there is ${JSON.stringify(other)}: names are case-sensitive)`;
}
