/** Checking what a commit requires of the table (REST OpenAPI: TableRequirement). */
import { IcestreamError } from '../errors.ts';
import { ownValue } from './json-cursor.ts';
import type { TableRequirement } from './requirements.ts';
import type { TableMetadata } from './table-metadata.ts';

/**
 * Throws unless every requirement holds. `null`: the table does not exist.
 * @throws IcestreamError COMMIT_CONFLICT, retryable, saying what changed; NOT_FOUND when the table is gone; UNSUPPORTED
 * for a requirement this version does not know.
 */
export function checkRequirements(metadata: TableMetadata | null, requirements: readonly TableRequirement[]): void {
  for (const requirement of requirements) {
    const problem = broken(metadata, requirement);
    if (problem === null) continue;
    throw new IcestreamError('COMMIT_CONFLICT', `The table changed since it was read: ${problem}.`, {
      retryable: requirement.type !== 'assert-create' && requirement.type !== 'assert-table-uuid',
    });
  }
}

function broken(metadata: TableMetadata | null, requirement: TableRequirement): string | null {
  if (requirement.type === 'assert-create') return metadata === null ? null : 'it exists already';
  if (metadata === null) throw new IcestreamError('NOT_FOUND', 'The table of this commit does not exist.');
  switch (requirement.type) {
    case 'assert-table-uuid':
      return requirement.uuid.toLowerCase() === metadata['table-uuid'].toLowerCase()
        ? null
        : `it was replaced by another table: uuid ${metadata['table-uuid']}, expected ${requirement.uuid}`;
    case 'assert-ref-snapshot-id':
      return brokenRef(metadata, requirement.ref, requirement['snapshot-id'] ?? null);
    case 'assert-last-assigned-field-id':
      return compare('last assigned field id', metadata['last-column-id'], requirement['last-assigned-field-id']);
    case 'assert-current-schema-id':
      return compare('current schema id', metadata['current-schema-id'], requirement['current-schema-id']);
    case 'assert-last-assigned-partition-id':
      return compare(
        'last assigned partition field id',
        metadata['last-partition-id'],
        requirement['last-assigned-partition-id'],
      );
    case 'assert-default-spec-id':
      return compare('default partition spec id', metadata['default-spec-id'], requirement['default-spec-id']);
    case 'assert-default-sort-order-id':
      return compare('default sort order id', metadata['default-sort-order-id'], requirement['default-sort-order-id']);
    default:
      throw new IcestreamError(
        'UNSUPPORTED',
        `This commit has a requirement that this version does not know: ${(requirement as { type: string }).type}.`,
      );
  }
}

function brokenRef(metadata: TableMetadata, name: string, expected: bigint | null): string | null {
  const ref = ownValue(metadata.refs, name);
  const label = JSON.stringify(name);
  if (ref === undefined) return expected === null ? null : `branch or tag ${label} is gone, expected ${expected}`;
  if (expected === null) return `${ref.type} ${label} was created meanwhile`;
  const actual = ref['snapshot-id'];
  return actual === BigInt(expected) ? null : `${ref.type} ${label} is at snapshot ${actual}, expected ${expected}`;
}

function compare(what: string, actual: number, expected: number): string | null {
  return actual === expected ? null : `the ${what} is ${actual}, expected ${expected}`;
}
