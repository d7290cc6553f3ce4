/** Metadata as the bytes of its file (`write.metadata.compression-codec`; Java: TableMetadataParser). */
import { ownValue } from '../../spec/json-cursor.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { stringifyTableMetadata } from '../../spec/table-metadata-parse.ts';
import type { Bytes } from '../../util/bytes.ts';
import { utf8 } from '../../util/encoding.ts';
import { throughStream } from '../../util/streams.ts';

/** Whether the table's metadata is to be gzip; what is none of Java's codecs is written plain, which every reader takes. */
export function wantsGzip(metadata: TableMetadata | null): boolean {
  return ownValue(metadata?.properties, 'write.metadata.compression-codec')?.trim().toLowerCase() === 'gzip';
}

/** The end of a metadata file's name. */
export function metadataEnding(isCompressed: boolean): string {
  return isCompressed ? '.gz.metadata.json' : '.metadata.json';
}

/** The bytes of a file of this name. */
export async function metadataBytes(metadata: TableMetadata, location: string): Promise<Bytes> {
  const text = utf8(stringifyTableMetadata(metadata));
  return isGzipName(location) ? throughStream(text, new CompressionStream('gzip')) : text;
}

export function metadataContentType(location: string): string {
  return isGzipName(location) ? 'application/gzip' : 'application/json';
}

function isGzipName(location: string): boolean {
  return location.endsWith(metadataEnding(true));
}
