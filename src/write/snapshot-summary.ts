/** The summary of an append. */
import type { DataFile } from '../spec/data-file.ts';
import { ownValue } from '../spec/json-cursor.ts';
import type { Snapshot } from '../spec/snapshot.ts';

export interface SummaryRequest {
  readonly operation: 'append';
  readonly added: readonly DataFile[];
  readonly previous: Snapshot | null;
  readonly properties: ReadonlyMap<string, string>;
  readonly manifests: { readonly created: number; readonly kept: number; readonly replaced: number };
}

export function snapshotSummary(request: SummaryRequest): Readonly<Record<string, string>> {
  const rows = request.added.reduce((sum, file) => sum + file.recordCount, 0n);
  const bytes = request.added.reduce((sum, file) => sum + file.fileSizeInBytes, 0n);
  const total = (key: string, more: bigint) => {
    const text = request.previous === null ? '0' : ownValue(request.previous.summary, key);
    return text === undefined || !/^\d+$/.test(text) ? [] : [[key, String(BigInt(text) + more)]];
  };
  return Object.fromEntries([
    ...request.properties,
    ['operation', request.operation],
    ['added-data-files', String(request.added.length)],
    ['added-records', String(rows)],
    ['added-files-size', String(bytes)],
    ...total('total-records', rows),
    ...total('total-data-files', BigInt(request.added.length)),
    ...total('total-files-size', bytes),
  ]);
}
