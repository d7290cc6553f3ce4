/** Reads the manifest list of a snapshot. */
import type { ExtraCodecs } from '../avro/codec.ts';
import { IcestreamError } from '../errors.ts';
import type { ManifestFile } from '../spec/data-file.ts';
import { readManifestList } from '../spec/manifest-list-read.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import type { Store } from '../storage/store.ts';

/** The manifests of a snapshot. */
export async function readSnapshotManifests(
  store: Store,
  snapshot: Snapshot,
  codecs: ExtraCodecs = {},
): Promise<readonly ManifestFile[]> {
  const location = snapshot['manifest-list'];
  if (location === undefined) {
    throw new IcestreamError(
      'UNSUPPORTED',
      `snapshot ${snapshot['snapshot-id']} has no manifest list (it was written before format version 2)`,
    );
  }
  const manifests: ManifestFile[] = [];
  for await (const manifest of readManifestList(await store.read(location), { codecs, file: location })) {
    manifests.push(manifest);
  }
  return manifests;
}
