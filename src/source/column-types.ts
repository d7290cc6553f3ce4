/** Which types text is read as: the caller's, else the table's, else what was inferred. */
import type { ArrowField, ArrowSchema } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { arrowSchemaFromIceberg } from '../format/arrow-from-iceberg.ts';
import { type ColumnProblem, columnError, nameProblems, shownName } from '../format/column-problem.ts';
import type { Schema } from '../spec/schema.ts';
import { onDemand } from '../util/on-demand.ts';
import type { SourceOptions } from './options.ts';
import type { ExpectedSchema, OpenSourceOptions } from './source.ts';

/** The `schema` option as Arrow, without field ids. */
export function givenSchema(options: SourceOptions): ArrowSchema | null {
  const { schema } = options;
  if (schema === undefined) return null;
  const arrow = 'type' in schema ? arrowSchemaFromIceberg(schema as Schema) : (schema as ArrowSchema);
  refuseBadNames(arrow, 'the schema option');
  return arrow;
}

/** @throws IcestreamError SCHEMA_MISMATCH naming duplicate and empty names. */
export function refuseBadNames(schema: ArrowSchema, source: string): void {
  const problems = nameProblems(
    schema.fields.map((f) => f.name),
    '',
  );
  if (problems.length > 0)
    throw columnError('SCHEMA_MISMATCH', `${source} has columns that cannot be told apart`, problems);
}

/** Inferred fields, in their order, with the types that are known. */
export function knownTypes(
  inferred: readonly ArrowField[],
  given: ArrowSchema | null,
  expected: ArrowSchema | undefined,
): ArrowField[] {
  const known = new Map<string, ArrowField>();
  for (const field of expected?.fields ?? []) known.set(field.name, field);
  for (const field of given?.fields ?? []) known.set(field.name, field);
  return inferred.map((field) => refine(field, known.get(field.name)));
}

/**
 * Columns that the sample did not show and that may come later: the caller's, and the table's where null will do; but
 * none that the path gives.
 */
export function lateFields(
  seen: Iterable<string>,
  given: ArrowSchema | null,
  { expected, pathColumns }: { readonly expected?: ExpectedSchema; readonly pathColumns?: ReadonlySet<string> },
): ArrowField[] {
  const names = new Set([...seen, ...(pathColumns ?? [])]);
  const optional = new Set(expected?.optional);
  const late = [...(given?.fields ?? []), ...(expected?.fields ?? []).filter((field) => optional.has(field.name))];
  return late.filter(({ name }) => !names.has(name) && names.add(name));
}

/**
 * The known type; a struct keeps the inferred children that the known one lacks, so that they are seen (and refused,
 * or added) and not lost.
 */
function refine(inferred: ArrowField, known: ArrowField | undefined): ArrowField {
  if (known === undefined) return inferred;
  const { type } = known;
  if (type.kind === 'struct' && inferred.type.kind === 'struct') {
    const own = new Map(inferred.type.fields.map((f) => [f.name, f]));
    const names = new Set(type.fields.map((f) => f.name));
    const fields = [
      ...type.fields.map((f) => refine(own.get(f.name) ?? f, f)),
      ...inferred.type.fields.filter((f) => !names.has(f.name)),
    ];
    return { ...known, type: { kind: 'struct', fields } };
  }
  if (type.kind === 'list' && inferred.type.kind === 'list') {
    return { ...known, type: { ...type, element: refine(inferred.type.element, type.element) } };
  }
  return known;
}

/**
 * Fields in the order of `columns`, without those that the path or other sources have; one at least, to count rows by.
 * @throws IcestreamError SCHEMA_MISMATCH naming one that is not there.
 */
export function projected(
  schema: ArrowSchema,
  columns: readonly string[] | undefined,
  source: string,
  open: Elsewhere = {},
): ArrowSchema {
  if (columns === undefined) return schema;
  const byName = new Map(schema.fields.map((f) => [f.name, f]));
  const fields = columns.flatMap((name) => {
    const field = byName.get(name);
    if (field !== undefined) return [field];
    if (isElsewhere(name, open)) return [];
    const names = schema.fields.slice(0, 20).map((f) => shownName(f.name));
    throw new IcestreamError(
      'SCHEMA_MISMATCH',
      `${source}: there is no column ${shownName(name)} (option columns); there are ${names.join(', ')}`,
      { option: 'columns', column: name, file: source },
    );
  });
  return { fields: fields.length > 0 ? fields : schema.fields.slice(0, 1) };
}

/**
 * For sources whose header or footer says which columns there are.
 * @throws IcestreamError SCHEMA_MISMATCH naming columns of the `schema` option that are not there.
 */
export function refuseUnknownTypes(
  given: ArrowSchema | null,
  schema: ArrowSchema,
  source: string,
  open: Elsewhere = {},
): void {
  const own = new Set(schema.fields.map((f) => f.name));
  const problems = (given?.fields ?? [])
    .filter(({ name }) => !own.has(name) && !isElsewhere(name, open))
    .map(({ name: column }): ColumnProblem => ({ column, problem: 'is not there; correct its name, or leave it out' }));
  if (problems.length > 0) {
    throw columnError('SCHEMA_MISMATCH', `${source} lacks columns that option schema gives types for`, problems, {
      file: source,
      option: 'schema',
    });
  }
}

/**
 * For formats with types of their own. Where inputs are united by name, types are those of its text files: what the
 * others have is widened with them, or refused, by the union.
 * @throws IcestreamError SCHEMA_MISMATCH naming columns that have another type than the `schema` option gives.
 */
export async function refuseOtherTypes(
  given: ArrowSchema | null,
  schema: ArrowSchema,
  source: string,
  open: Elsewhere = {},
): Promise<void> {
  if (given === null || open.isPartial === true) return;
  const own = await onDemand(import('./own-types.ts'));
  own.refuseOtherTypes(given, schema, source);
}

type Elsewhere = Pick<OpenSourceOptions, 'pathColumns' | 'isPartial'>;

function isElsewhere(name: string, { pathColumns, isPartial }: Elsewhere): boolean {
  return isPartial === true || pathColumns?.has(name) === true;
}
