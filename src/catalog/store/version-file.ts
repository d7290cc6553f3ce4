/** One version of a table: the metadata in it, or the tombstone that a drop leaves. */
import { IcestreamError } from '../../errors.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { parseTableMetadata } from '../../spec/table-metadata-parse.ts';
import type { Store } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { utf8 } from '../../util/encoding.ts';
import { throughStream } from '../../util/streams.ts';

/** A version that exists. */
export interface TableVersion {
  readonly version: number;
  readonly location: string;
  readonly etag: string | null;
  /** Null: the table was dropped with this version. */
  readonly metadata: TableMetadata | null;
  /** Its files are to be removed, and may not all be yet. Default false. */
  readonly isPurging?: boolean;
}

/** Metadata is never this short, so that a listing need not read it to know that a table lives. */
export const TOMBSTONE_MAX_BYTES = 200;
/** Bound of metadata, unpacked: a small compressed file must not fill the memory. */
const MAX_METADATA_BYTES = 512 << 20;

const TOMBSTONE = /^\s*\{\s*"icestream-dropped-at-ms"\s*:\s*\d+\s*(,\s*"purging"\s*:\s*true\s*)?\}\s*$/;

/** What a drop writes as the table's next version: no engine takes it for metadata. */
export function tombstone(droppedAtMs: number, isPurging = false): Bytes {
  return utf8(`{"icestream-dropped-at-ms":${droppedAtMs}${isPurging ? ',"purging":true' : ''}}`);
}

/** Null: the text is no tombstone. */
export function readTombstone(text: string): { readonly isPurging: boolean } | null {
  const match = text.length <= TOMBSTONE_MAX_BYTES ? TOMBSTONE.exec(text) : null;
  return match && { isPurging: match[1] !== undefined };
}

/**
 * The metadata in the bytes of a version file, or null for a tombstone. `.gz` files are unpacked.
 * @throws IcestreamError INVALID_METADATA.
 */
export async function readVersionBytes(bytes: Bytes, location: string): Promise<TableMetadata | null> {
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = new TextDecoder().decode(isCompressed ? await gunzip(bytes, location) : bytes);
  return readTombstone(text) === null ? parseTableMetadata(text, { file: location }) : null;
}

/** Null when there is no such file. */
export async function readIfThere(store: Store, location: string, signal?: AbortSignal): Promise<Bytes | null> {
  try {
    return await store.read(location, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof IcestreamError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

async function gunzip(bytes: Bytes, location: string): Promise<Bytes> {
  try {
    return await throughStream(
      bytes,
      new DecompressionStream('gzip'),
      MAX_METADATA_BYTES,
      () => new RangeError(`it unpacks to more than ${MAX_METADATA_BYTES} bytes`),
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IcestreamError('INVALID_METADATA', `the metadata file ${location} cannot be unpacked: ${reason}`, {
      file: location,
      cause,
    });
  }
}
