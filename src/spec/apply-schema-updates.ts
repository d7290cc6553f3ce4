/** Updates of schemas, partition specs and sort orders; an equal one that exists is reused (Java: TableMetadata). */
import { deepEqual } from '../util/deep-equal.ts';
import { type MetadataDraft, refuseUpdate } from './metadata-draft.ts';
import { checkSortOrder } from './partition-bind.ts';
import { assignPartitionFieldIds, checkNewPartitionSpec, samePartitioning, sameSortOrder } from './partition-new.ts';
import type { PartitionSpec } from './partition-spec.ts';
import type { Schema } from './schema.ts';
import { identifierFieldIds, schemaIndex } from './schema-index.ts';
import { schemaProblems } from './schema-validate.ts';
import type { SortOrder } from './sort-order.ts';

/** "The one added last in this commit". */
const LAST_ADDED = -1;

export function addSchema(draft: MetadataDraft, schema: Schema): void {
  const problems = schemaProblems(schema, draft.version);
  if (problems.length > 0) refuseUpdate(`the schema is not valid: ${problems.join('; ')}`);
  draft.lastColumnId = Math.max(draft.lastColumnId, schemaIndex(schema).highestId);
  const same = draft.schemas.find((candidate) => sameSchema(candidate, schema));
  if (same !== undefined) {
    draft.lastAddedSchema = same['schema-id'] ?? 0;
    return;
  }
  const id = nextId(
    draft.schemas.map((candidate) => candidate['schema-id'] ?? 0),
    0,
  );
  draft.schemas.push({ ...schema, 'schema-id': id });
  draft.lastAddedSchema = id;
}

function sameSchema(a: Schema, b: Schema): boolean {
  const ids = (schema: Schema) => [...identifierFieldIds(schema)].sort((x, y) => x - y);
  return deepEqual(a.fields, b.fields) && deepEqual(ids(a), ids(b));
}

export function setCurrentSchema(draft: MetadataDraft, id: number): void {
  const target = id === LAST_ADDED ? draft.lastAddedSchema : id;
  if (target === null) refuseUpdate('it sets the schema added last, but adds none');
  if (!draft.schemas.some((schema) => schema['schema-id'] === target)) refuseUpdate(`there is no schema ${target}`);
  draft.currentSchemaId = target;
}

export function removeSchemas(draft: MetadataDraft, ids: readonly number[]): void {
  if (ids.includes(draft.currentSchemaId)) refuseUpdate('the current schema cannot be removed');
  draft.schemas = draft.schemas.filter((schema) => !ids.includes(schema['schema-id'] ?? 0));
}

export function addSpec(draft: MetadataDraft, spec: PartitionSpec): void {
  checkNewPartitionSpec(spec, schemaToBind(draft));
  const assigned = assignPartitionFieldIds(spec.fields, draft.specs, draft.lastPartitionId);
  const same = draft.specs.find(
    (candidate) =>
      samePartitioning(candidate, spec) &&
      candidate.fields.every((field, index) => field['field-id'] === assigned.fields[index]?.['field-id']),
  );
  if (same !== undefined) {
    draft.lastAddedSpec = same['spec-id'] ?? 0;
    return;
  }
  checkFieldIds(
    draft,
    assigned.fields.map((field) => field['field-id'] ?? 0),
  );
  const id = nextId(
    draft.specs.map((candidate) => candidate['spec-id'] ?? 0),
    0,
  );
  draft.specs.push({ ...spec, 'spec-id': id, fields: assigned.fields });
  draft.lastPartitionId = assigned.lastPartitionId;
  draft.lastAddedSpec = id;
}

function checkFieldIds(draft: MetadataDraft, ids: readonly number[]): void {
  if (new Set(ids).size !== ids.length) refuseUpdate('two partition fields have one field id');
  const sequential = ids.every((id, index) => id === 1000 + index);
  if (draft.version === 1 && !sequential) refuseUpdate('v1 tables number the fields of a partition spec from 1000');
}

export function setDefaultSpec(draft: MetadataDraft, id: number): void {
  const target = id === LAST_ADDED ? draft.lastAddedSpec : id;
  if (target === null) refuseUpdate('it sets the partition spec added last, but adds none');
  if (!draft.specs.some((spec) => spec['spec-id'] === target)) refuseUpdate(`there is no partition spec ${target}`);
  draft.defaultSpecId = target;
}

export function removeSpecs(draft: MetadataDraft, ids: readonly number[]): void {
  if (ids.includes(draft.defaultSpecId)) refuseUpdate('the default partition spec cannot be removed');
  draft.specs = draft.specs.filter((spec) => !ids.includes(spec['spec-id'] ?? 0));
}

export function addSortOrder(draft: MetadataDraft, order: SortOrder): void {
  const same = draft.orders.find((candidate) => sameSortOrder(candidate, order));
  if (same !== undefined) {
    draft.lastAddedOrder = same['order-id'] ?? 0;
    return;
  }
  checkSortOrder(order, schemaToBind(draft));
  const ids = draft.orders.map((candidate) => candidate['order-id'] ?? 0);
  // 0 is always "unsorted".
  const id = order.fields.length === 0 ? 0 : nextId(ids, 1);
  draft.orders.push({ ...order, 'order-id': id });
  draft.lastAddedOrder = id;
}

export function setDefaultSortOrder(draft: MetadataDraft, id: number): void {
  const target = id === LAST_ADDED ? draft.lastAddedOrder : id;
  if (target === null) refuseUpdate('it sets the sort order added last, but adds none');
  if (target !== 0 && !draft.orders.some((order) => order['order-id'] === target)) {
    refuseUpdate(`there is no sort order ${target}`);
  }
  draft.defaultOrderId = target;
}

export function currentSchema(draft: MetadataDraft): Schema {
  const schema = draft.schemas.find((candidate) => candidate['schema-id'] === draft.currentSchemaId);
  return schema ?? refuseUpdate('the table has no schema yet');
}

/** Of a table that is being created, no schema may be current yet: it is then the one that was just added. */
function schemaToBind(draft: MetadataDraft): Schema {
  const added = draft.schemas.find((candidate) => candidate['schema-id'] === draft.lastAddedSchema);
  const isCurrent = draft.schemas.some((candidate) => candidate['schema-id'] === draft.currentSchemaId);
  return !isCurrent && added !== undefined ? added : currentSchema(draft);
}

function nextId(ids: readonly number[], first: number): number {
  return Math.max(first - 1, ...ids) + 1;
}
