/** New partition specs and sort orders: checks, field ids, reuse of equal ones (spec: Partition Evolution). */
import { IcestreamError } from '../errors.ts';
import { bindPartitionSpec } from './partition-bind.ts';
import { sourceIds } from './partition-fields.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import { schemaIndex } from './schema-index.ts';
import type { SortField, SortOrder } from './sort-order.ts';
import { formatTransform, parseTransform, requireApplicable } from './transform.ts';
import type { StructType } from './types.ts';

/** `identity(3)`-like text that is equal for equivalent fields. */
function fieldKey(field: PartitionField | SortField): string {
  return `${formatTransform(parseTransform(field.transform))}(${sourceIds(field).join(',')})`;
}

/** Same columns, transforms and names in the same order; ids do not count. */
export function samePartitioning(a: PartitionSpec, b: PartitionSpec): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, index) => {
      const other = b.fields[index];
      return other !== undefined && field.name === other.name && fieldKey(field) === fieldKey(other);
    })
  );
}

export function sameSortOrder(a: SortOrder, b: SortOrder): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, index) => {
      const other = b.fields[index];
      return (
        other !== undefined &&
        fieldKey(field) === fieldKey(other) &&
        field.direction === other.direction &&
        field['null-order'] === other['null-order']
      );
    })
  );
}

/**
 * Gives partition fields their ids: the id of an equivalent field of an earlier spec, else the next free one.
 * Ids that are there already are kept.
 */
export function assignPartitionFieldIds(
  fields: readonly PartitionField[],
  earlier: readonly PartitionSpec[],
  lastPartitionId: number,
): { readonly fields: readonly PartitionField[]; readonly lastPartitionId: number } {
  const known = new Map<string, number>();
  for (const field of earlier.flatMap((spec) => spec.fields)) {
    if (field['field-id'] !== undefined) known.set(fieldKey(field), field['field-id']);
  }
  const used = new Set(fields.map((field) => field['field-id']));
  let last = lastPartitionId;
  const assigned = fields.map((field) => {
    if (field['field-id'] !== undefined) {
      last = Math.max(last, field['field-id']);
      return field;
    }
    const reused = known.get(fieldKey(field));
    if (reused !== undefined && !used.has(reused)) {
      used.add(reused);
      return { ...field, 'field-id': reused };
    }
    last += 1;
    while (used.has(last)) last += 1;
    used.add(last);
    return { ...field, 'field-id': last };
  });
  return { fields: assigned, lastPartitionId: last };
}

/**
 * Checks the fields of a new spec: known transforms that fit, names that are unique and clash with no column (but the
 * source of an identity field), no field twice.
 * @throws IcestreamError INVALID_ARGUMENT
 */
export function checkNewPartitionSpec(spec: PartitionSpec, schema: StructType): void {
  const names = new Set<string>();
  const keys = new Set<string>();
  const index = schemaIndex(schema);
  for (const { field, source } of bindPartitionSpec(spec, schema)) {
    const transform = parseTransform(field.transform);
    requireApplicable(transform, source.type, source.path);
    const refuse = (why: string): never => {
      throw new IcestreamError('INVALID_ARGUMENT', `Partition field ${JSON.stringify(field.name)} ${why}.`, {
        column: source.path,
      });
    };
    if (field.name === '') refuse('has an empty name');
    if (names.has(field.name)) refuse('occurs twice; give one another name');
    names.add(field.name);
    const column = index.byPath.get(field.name);
    const mayShare = transform.kind === 'identity' || transform.kind === 'void';
    if (column !== undefined && !(mayShare && column.id === source.id)) refuse('has the name of another column');
    const key = fieldKey(field);
    if (transform.kind !== 'void' && keys.has(key)) refuse(`repeats ${field.transform} of one column`);
    keys.add(key);
  }
}
