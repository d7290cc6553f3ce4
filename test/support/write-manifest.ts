/** One manifest of all the entries. */
import type { ManifestEntry } from '../../src/spec/data-file.ts';
import { type ManifestWriteOptions, ManifestWriter, type WrittenManifest } from '../../src/spec/manifest-write.ts';

export async function writeManifest(
  options: ManifestWriteOptions & { readonly entries: Iterable<ManifestEntry> },
): Promise<WrittenManifest> {
  const writer = new ManifestWriter(options);
  for (const entry of options.entries) await writer.add(entry);
  return writer.finish();
}
