/** Reads a manifest. */
import type { ExtraCodecs } from '../avro/codec.ts';
import type { ManifestEntry, ManifestFile } from '../spec/data-file.ts';
import { readManifest } from '../spec/manifest-read.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import type { Store } from '../storage/store.ts';

/** The entries of a manifest, everything inherited. */
export async function* readManifestEntries(
  store: Store,
  manifest: ManifestFile,
  metadata: TableMetadata,
  codecs: ExtraCodecs = {},
): AsyncGenerator<ManifestEntry> {
  yield* readManifest(await store.read(manifest.manifestPath), manifest, metadata, { codecs });
}
