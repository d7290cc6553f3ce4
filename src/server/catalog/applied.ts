/** Whether a commit that was sent before is in its table: what a catalog can say of one whose answer was lost. */
import type { CommitRequest } from '../../catalog/catalog.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';

/**
 * `yes`: the table was created by it, or holds its snapshots. `no`: others took the place of what it would have added,
 * so it never was applied and never will be. `unknown`: it leaves nothing that could be looked for.
 */
export function isApplied(
  metadata: TableMetadata,
  { requirements, updates }: Pick<CommitRequest, 'requirements' | 'updates'>,
): 'yes' | 'no' | 'unknown' {
  const uuid = updates.findLast(({ action }) => action === 'assign-uuid');
  if (requirements.some(({ type }) => type === 'assert-create') && uuid?.action === 'assign-uuid') {
    return uuid.uuid.toLowerCase() === metadata['table-uuid'].toLowerCase() ? 'yes' : 'no';
  }
  const known = metadata.snapshots ?? [];
  const found = updates.flatMap((update) => {
    if (update.action !== 'add-snapshot') return [];
    const { snapshot } = update;
    const id = snapshot['snapshot-id'];
    if (known.some((one) => one['snapshot-id'] === id && one['manifest-list'] === snapshot['manifest-list']))
      return 'yes';
    // Sequence numbers are given once (v1 has none).
    const sequence = snapshot['sequence-number'] ?? 0n;
    return sequence > 0n && known.some((one) => one['sequence-number'] === sequence) ? 'no' : 'unknown';
  });
  if (found.length === 0) return 'unknown';
  if (found.includes('no')) return 'no';
  return found.every((one) => one === 'yes') ? 'yes' : 'unknown';
}
