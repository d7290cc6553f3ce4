/** Metadata files of a catalog's tables: each has a name of its own and never changes. */
import { metadataBytes, metadataContentType, metadataEnding, wantsGzip } from '../../catalog/store/metadata-bytes.ts';
import { readVersionBytes } from '../../catalog/store/version-file.ts';
import { IcestreamError } from '../../errors.ts';
import type { MetadataLogEntry, TableMetadata } from '../../spec/table-metadata.ts';
import type { Store } from '../../storage/store.ts';
import { isWithin } from '../../util/location.ts';
import { uuidV4 } from '../../util/uuid.ts';
import type { World } from '../../util/world.ts';

/** Tables whose metadata is kept in memory. */
const KEPT = 16;

export class MetadataFiles {
  readonly #store: Store;
  readonly #world: World;
  readonly #known = new Map<string, TableMetadata>();

  constructor(store: Store, world: World) {
    this.#store = store;
    this.#world = world;
  }

  /** @throws IcestreamError NOT_FOUND for a file that is not there; INVALID_METADATA. */
  async read(location: string, signal?: AbortSignal): Promise<TableMetadata> {
    const known = this.#known.get(location);
    if (known !== undefined) return known;
    const bytes = await this.#store.read(location, undefined, signal === undefined ? {} : { signal });
    const metadata = await readVersionBytes(bytes, location);
    if (metadata === null) {
      throw new IcestreamError('INVALID_METADATA', `the metadata file ${location} is that of a dropped table`, {
        file: location,
      });
    }
    this.#remember(location, metadata);
    return metadata;
  }

  /** @param previous The file before it; null for a new table. */
  newLocation(metadata: TableMetadata, previous: string | null): string {
    const number = String(previous === null ? 0 : numberOf(previous) + 1).padStart(5, '0');
    return `${metadata.location}/metadata/${number}-${uuidV4(this.#world)}${metadataEnding(wantsGzip(metadata))}`;
  }

  async write(location: string, metadata: TableMetadata, signal?: AbortSignal): Promise<void> {
    await this.#store.put(location, await metadataBytes(metadata, location), {
      contentType: metadataContentType(location),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#remember(location, metadata);
  }

  /** For files that surely no table is at; best effort. */
  async remove(locations: readonly string[]): Promise<void> {
    for (const location of locations) this.#known.delete(location);
    if (locations.length > 0) await this.#store.delete(locations).catch(() => undefined);
  }

  /** Those that fell out of the log, where the table asks for that; only the table's own. */
  async removeOld({ properties, location }: TableMetadata, removed: readonly MetadataLogEntry[]): Promise<void> {
    if (properties?.['write.metadata.delete-after-commit.enabled']?.toLowerCase() !== 'true') return;
    const files = removed.map((entry) => entry['metadata-file']);
    await this.remove(files.filter((file) => isWithin(file, `${location}/metadata`)));
  }

  #remember(location: string, metadata: TableMetadata): void {
    if (this.#known.size >= KEPT) this.#known.clear();
    this.#known.set(location, metadata);
  }
}

/** The number that a metadata file's name begins with (`00007-…`, `v7.…`); 0 for others. */
function numberOf(location: string): number {
  const [, digits = '0'] = /\/v?(\d{1,15})[-.][^/]*$/.exec(location) ?? [];
  return Number(digits);
}
