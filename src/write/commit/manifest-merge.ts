/** Joins small manifests of the base; what was joined for one attempt serves the next when its inputs are still there. */
import type { ManifestFile } from '../../spec/data-file.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { manifestSettings } from '../write-settings.ts';
import { planManifestMerges } from './manifest-merge-plan.ts';
import { canReadManifests, type ManifestStore } from './manifest-store.ts';

export interface MergedManifests {
  readonly manifests: readonly ManifestFile[];
  readonly created: number;
  readonly kept: number;
  readonly replaced: number;
}

export class ManifestMerger {
  readonly #store: ManifestStore;
  readonly #made = new Map<string, readonly ManifestFile[]>();
  #used: ReadonlySet<string> = new Set();

  constructor(store: ManifestStore) {
    this.#store = store;
  }

  /**
   * The manifests for a list on this base: merged ones first, the others as they are. All stay as they are where what
   * reads them cannot be imported: no commit need fail for that.
   */
  async merge(metadata: TableMetadata, manifests: readonly ManifestFile[]): Promise<MergedManifests> {
    const replaced = new Set<ManifestFile>();
    const merged: ManifestFile[] = [];
    const due = planManifestMerges(manifests, manifestSettings(metadata));
    for (const group of due.length > 0 && (await canReadManifests()) ? due : []) {
      merged.push(...(await this.#joined(metadata, group)));
      for (const manifest of group) replaced.add(manifest);
    }
    this.#used = new Set(merged.map((manifest) => manifest.manifestPath));
    const kept = manifests.filter((manifest) => !replaced.has(manifest));
    return { manifests: [...merged, ...kept], created: merged.length, kept: kept.length, replaced: replaced.size };
  }

  /** Manifests that were made for an earlier attempt and are not in the last one's list. */
  unused(): string[] {
    return [...this.#made.values()]
      .flat()
      .map((manifest) => manifest.manifestPath)
      .filter((path) => !this.#used.has(path));
  }

  async #joined(metadata: TableMetadata, group: readonly ManifestFile[]): Promise<readonly ManifestFile[]> {
    const key = group.map((manifest) => manifest.manifestPath).join('\n');
    const made = this.#made.get(key) ?? (await this.#store.writeMerged(metadata, group));
    this.#made.set(key, made);
    return made;
  }
}
