/** What a grant allows. */
import type { S3Grant } from './credentials.ts';
import { S3Refusal } from './errors.ts';

export type Access = 'read' | 'write';

/** @throws S3Refusal AccessDenied for a key (or the prefix of a listing) outside the grant. */
export function allow({ scope }: S3Grant, access: Access, key: string): void {
  if (scope === undefined) return;
  if (access === 'write' && scope.mode !== 'read-write') {
    throw new S3Refusal('AccessDenied', 'these credentials may read, not write');
  }
  if (!key.startsWith(scope.prefix)) {
    throw new S3Refusal('AccessDenied', 'these credentials are for keys of another prefix');
  }
}
