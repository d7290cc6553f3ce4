/**
 * Which manifests of a snapshot to join, so that the n-th append costs what the first did. Manifests of about the same
 * number of files are joined once there are `commit.manifest.min-count-to-merge` of them; the result counts among
 * larger ones. So a file's entry is rewritten once per tier (logarithmically often), never at every merge.
 */
import type { ManifestFile } from '../../spec/data-file.ts';

export interface ManifestMergeOptions {
  /** `commit.manifest-merge.enabled`. */
  readonly enabled: boolean;
  /** `commit.manifest.min-count-to-merge`. */
  readonly minCountToMerge: number;
  /** `commit.manifest.target-size-bytes`: manifests of at least half of it are left alone. */
  readonly targetSizeBytes: number;
}

/** Groups of two or more manifests of one spec and content, each to become one (or few, rolled at the target size). */
export function planManifestMerges(
  manifests: readonly ManifestFile[],
  options: ManifestMergeOptions,
): readonly (readonly ManifestFile[])[] {
  if (!options.enabled) return [];
  const least = Math.max(2, options.minCountToMerge);
  const tiers = new Map<string, ManifestFile[]>();
  for (const manifest of manifests) {
    if (Number(manifest.manifestLength) * 2 >= options.targetSizeBytes) continue;
    const key = `${manifest.content} ${manifest.partitionSpecId} ${tierOf(manifest, least)}`;
    const tier = tiers.get(key);
    if (tier === undefined) tiers.set(key, [manifest]);
    else tier.push(manifest);
  }
  return [...tiers.values()].filter((tier) => tier.length >= least);
}

/** Whether anything in it is still live; unknown counts (old v1 lists) mean yes. */
export function hasLiveFiles(manifest: ManifestFile): boolean {
  return manifest.addedFilesCount !== 0 || manifest.existingFilesCount !== 0;
}

function tierOf(manifest: ManifestFile, base: number): number {
  const files = (manifest.addedFilesCount ?? 0) + (manifest.existingFilesCount ?? 0);
  let tier = 0;
  for (let bound = base; files >= bound; bound *= base) tier += 1;
  return tier;
}
