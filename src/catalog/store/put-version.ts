/**
 * The one write that decides a commit: creating the next version, which has one winner. When the answer to it does not
 * tell who won, what is stored there does.
 */
import { IcestreamError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { sameBytes, utf8 } from '../../util/encoding.ts';
import { versionHintFile } from './layout.ts';
import { metadataContentType } from './metadata-bytes.ts';
import { readIfThere } from './version-file.ts';

export type PutVersionOutcome =
  | { readonly kind: 'won'; readonly location: string; readonly etag: string | null }
  /** Another writer holds the version: ours will never be stored. */
  | { readonly kind: 'lost' }
  /** The store refused it for good. */
  | { readonly kind: 'refused'; readonly error: IcestreamError }
  /** It may have been stored, or may yet be. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

/** Errors with which a store says that it did not take the bytes. */
const REFUSALS: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'STORAGE_FULL',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'UNSUPPORTED',
]);

/** Creates a version's file. Throws only when the signal fires before anything is sent. */
export async function putVersion(
  store: Store,
  location: string,
  bytes: Bytes,
  signal?: AbortSignal,
): Promise<PutVersionOutcome> {
  signal?.throwIfAborted();
  try {
    const { etag } = await store.put(location, bytes, {
      condition: { ifNoneMatch: '*' },
      contentType: metadataContentType(location),
      ...(signal === undefined ? {} : { signal }),
    });
    return { kind: 'won', location, etag };
  } catch (cause) {
    return signal?.aborted ? { kind: 'unknown', cause } : settle(store, location, bytes, cause);
  }
}

/**
 * A refused precondition may be the echo of our own first send, and a lost answer may hide a success: both are settled
 * by reading. Bytes hold the table's uuid, the snapshot ids and the time, so equal bytes are the same commit.
 */
async function settle(store: Store, location: string, bytes: Bytes, cause: unknown): Promise<PutVersionOutcome> {
  const code = cause instanceof IcestreamError ? cause.code : null;
  let stored: Bytes | null;
  try {
    stored = await readIfThere(store, location);
  } catch {
    return code === 'STORAGE_FULL' && cause instanceof IcestreamError
      ? { kind: 'refused', error: cause }
      : { kind: 'unknown', cause };
  }
  if (stored !== null) return sameBytes(stored, bytes) ? { kind: 'won', location, etag: null } : { kind: 'lost' };
  return cause instanceof IcestreamError && REFUSALS.has(cause.code)
    ? { kind: 'refused', error: cause }
    : { kind: 'unknown', cause };
}

/** Writes the hint: digits, no newline. Best effort, because whoever reads it looks further. */
export async function putVersionHint(store: Store, tableLocation: string, version: number): Promise<void> {
  try {
    await store.put(versionHintFile(tableLocation), utf8(String(version)), { contentType: 'text/plain' });
  } catch {
    // The commit stands without it.
  }
}
