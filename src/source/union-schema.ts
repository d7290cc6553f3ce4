/** One schema for many files: columns by name, types that hold what each file has. */
import type { ArrowField, ArrowSchema, ArrowType, TimeUnit } from '../engine/arrow-schema.ts';
import { arrowTypeName } from '../format/arrow-type-name.ts';
import { type ColumnProblem, childPath, columnError } from '../format/column-problem.ts';
import { canonicalField } from './canonical-type.ts';

/** Builds the schema file by file. */
export class SchemaUnion {
  #fields = new Map<string, ArrowField>();
  #first = true;

  get schema(): ArrowSchema {
    return { fields: [...this.#fields.values()] };
  }

  /** @throws IcestreamError SCHEMA_MISMATCH naming the columns whose types do not meet. */
  add(schema: ArrowSchema, file: string): void {
    const problems: ColumnProblem[] = [];
    this.#fields = mergeFields(this.#fields, schema.fields, this.#first, '', problems);
    this.#first = false;
    if (problems.length > 0)
      throw columnError('SCHEMA_MISMATCH', `${file} does not go with the files before it`, problems);
  }
}

/** A field that one side lacks may be null. */
function mergeFields(
  before: ReadonlyMap<string, ArrowField>,
  fields: readonly ArrowField[],
  first: boolean,
  path: string,
  problems: ColumnProblem[],
): Map<string, ArrowField> {
  const merged = new Map(before);
  const names = new Set(fields.map((f) => f.name));
  for (const field of fields.map((f) => canonicalField(f))) {
    const known = before.get(field.name);
    if (known === undefined) merged.set(field.name, first ? field : { ...field, nullable: true });
    else merged.set(field.name, mergeField(known, field, childPath(path, field.name), problems));
  }
  for (const [name, field] of before) if (!names.has(name)) merged.set(name, { ...field, nullable: true });
  return merged;
}

function mergeField(a: ArrowField, b: ArrowField, path: string, problems: ColumnProblem[]): ArrowField {
  const type = mergeTypes(a.type, b.type, path, problems);
  const nullable = a.nullable || b.nullable || a.type.kind === 'null' || b.type.kind === 'null';
  const { extension, ...rest } = a;
  const kept = extension === b.extension || b.type.kind === 'null' ? extension : undefined;
  return { ...rest, nullable, type, ...(kept === undefined ? {} : { extension: kept }) };
}

function mergeTypes(a: ArrowType, b: ArrowType, path: string, problems: ColumnProblem[]): ArrowType {
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  if (a.kind === 'list' && b.kind === 'list') {
    return { ...a, element: mergeField(a.element, b.element, `${path}.element`, problems) };
  }
  if (a.kind === 'map' && b.kind === 'map') {
    return {
      kind: 'map',
      key: mergeField(a.key, b.key, `${path}.key`, problems),
      value: mergeField(a.value, b.value, `${path}.value`, problems),
    };
  }
  if (a.kind === 'struct' && b.kind === 'struct') {
    const before = new Map(a.fields.map((f) => [f.name, f]));
    return { kind: 'struct', fields: [...mergeFields(before, b.fields, false, path, problems).values()] };
  }
  const wider = widerPrimitive(a, b) ?? widerPrimitive(b, a);
  if (wider !== null) return wider;
  problems.push({
    column: path,
    problem: `is ${arrowTypeName(b)} here and ${arrowTypeName(a)} before; give the column one type (option schema)`,
  });
  return a;
}

/** The type that holds both, when `a` is equal to or comes first in its family; types are canonical. */
function widerPrimitive(a: ArrowType, b: ArrowType): ArrowType | null {
  if (a.kind === 'int') {
    if (b.kind === 'int') return a.bitWidth >= b.bitWidth ? a : null;
    if (b.kind === 'float') return { kind: 'float', bitWidth: 64 };
    if (b.kind === 'decimal') return widerDecimal({ precision: a.bitWidth === 64 ? 19 : 10, scale: 0 }, b);
    return null;
  }
  if (a.kind === 'float' && b.kind === 'float') return a.bitWidth >= b.bitWidth ? a : null;
  if (a.kind === 'decimal' && b.kind === 'decimal') return widerDecimal(a, b);
  if (a.kind === 'timestamp' && b.kind === 'timestamp') {
    if ((a.timezone === null) !== (b.timezone === null)) return null;
    const unit: TimeUnit = a.unit === 'ns' || b.unit === 'ns' ? 'ns' : 'us';
    return { ...a, unit };
  }
  if (a.kind === 'date' && b.kind === 'timestamp' && b.timezone === null) return b;
  if (a.kind === 'fixed_size_binary' && b.kind === 'fixed_size_binary') return a.byteWidth === b.byteWidth ? a : null;
  if (a.kind === b.kind && ['bool', 'date', 'time', 'utf8', 'binary'].includes(a.kind)) return a;
  return null;
}

function widerDecimal(
  a: { readonly precision: number; readonly scale: number },
  b: { readonly precision: number; readonly scale: number },
): ArrowType | null {
  const scale = Math.max(a.scale, b.scale);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  return whole + scale > 38 ? null : { kind: 'decimal', bitWidth: 128, precision: whole + scale, scale };
}
