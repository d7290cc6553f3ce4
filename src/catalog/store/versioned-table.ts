/** One table of a catalog on a store: its versions, from the first to the one that is current. */
import { IcestreamError } from '../../errors.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import type { Store } from '../../storage/store.ts';
import type { World } from '../../util/world.ts';
import type { CommitAnswer, CommitRequest, LoadedTable, TableIdentifier } from '../catalog.ts';
import { formatIdentifier } from '../identifier.ts';
import { notApplied } from '../not-applied.ts';
import { prepareCommit, refusedBy } from '../prepare-commit.ts';
import { checkPurge } from '../purge.ts';
import { findCurrentVersion, isCompressed } from './current-version.ts';
import { versionFile } from './layout.ts';
import { metadataBytes, wantsGzip } from './metadata-bytes.ts';
import { keepsOldVersions, removeOldVersion, supersededUnseen } from './old-versions.ts';
import { purgeTable } from './purge.ts';
import { type PutVersionOutcome, putVersion, putVersionHint } from './put-version.ts';
import {
  readIfThere,
  readTombstone,
  readVersionBytes,
  type TableVersion,
  TOMBSTONE_MAX_BYTES,
  tombstone,
} from './version-file.ts';

export interface VersionedTableOptions {
  readonly identifier: TableIdentifier;
  /** Without a trailing slash. */
  readonly location: string;
  readonly store: Store;
  readonly world: World;
}

/** A drop competes with commits for the next version; it tries again this often. */
const DROP_ATTEMPTS = 20;

export class VersionedTable {
  readonly #options: VersionedTableOptions;
  readonly #shown: string;
  #last: TableVersion | null = null;

  constructor(options: VersionedTableOptions) {
    this.#options = options;
    this.#shown = formatIdentifier(options.identifier);
  }

  /** Without reading metadata: a tombstone is known by its size. */
  async exists(signal?: AbortSignal): Promise<boolean> {
    const place = await this.#find(signal);
    if (place === null) return false;
    const next = versionFile(this.#options.location, place.version + 1, true);
    const isLast = isCompressed(place) || (await this.#options.store.stat(next, signal ? { signal } : {})) === null;
    if (isLast && place.sizeBytes > TOMBSTONE_MAX_BYTES) return true;
    return ((await this.#current(signal))?.metadata ?? null) !== null;
  }

  /** @throws IcestreamError NOT_FOUND, INVALID_METADATA. */
  async load(signal?: AbortSignal): Promise<LoadedTable> {
    const current = await this.#current(signal);
    if (current?.metadata) return this.#loaded(current.location, current.metadata);
    throw this.#notFound();
  }

  /** @throws IcestreamError as `requireNone`; UNAVAILABLE when nobody can tell whether it was created. */
  async create(metadata: TableMetadata, signal?: AbortSignal): Promise<LoadedTable> {
    const current = await this.requireNone(signal);
    const outcome = await this.#put(current, metadata, signal);
    if (outcome.kind === 'won') return this.#loaded(outcome.location, metadata);
    if (outcome.kind === 'lost') throw this.#exists();
    throw this.#notWritten('created', outcome);
  }

  /**
   * The version that a new table's first one follows.
   * @throws IcestreamError ALREADY_EXISTS; INVALID_ARGUMENT while the files of an earlier one are removed.
   */
  async requireNone(signal?: AbortSignal): Promise<TableVersion | null> {
    const current = await this.#current(signal);
    if (current?.metadata) throw this.#exists();
    if (current?.isPurging) throw this.#stillPurging();
    return current;
  }

  /**
   * Leaves a tombstone as the next version, so that a commit under way cannot win and numbers go on from there. Goes on
   * with a purge that was cut off, or without `purge` leaves the files.
   */
  async drop(purge: boolean, signal?: AbortSignal): Promise<void> {
    const { store, location, world } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const current = await this.#current(signal);
      if (current?.isPurging) return this.#endPurge(current, purge, signal);
      if (!current?.metadata) throw this.#notFound();
      if (purge) checkPurge(current.metadata, this.#shown);
      const version = current.version + 1;
      const isPurging = purge && store.capabilities.list;
      const bytes = tombstone(world.now(), isPurging);
      const outcome = await putVersion(store, this.#nextFile(current), bytes, signal);
      if (outcome.kind === 'won') {
        const dropped = { version, location: outcome.location, etag: outcome.etag, metadata: null, isPurging };
        this.#last = dropped;
        await putVersionHint(store, location, version);
        if (purge) await this.#endPurge(dropped, purge, signal);
        return;
      }
      if (outcome.kind !== 'lost' || attempt >= DROP_ATTEMPTS) throw this.#notWritten('dropped', outcome);
    }
  }

  /** Removes the table's files, or leaves them; then its name is free. */
  async #endPurge(dropped: TableVersion, purge: boolean, signal?: AbortSignal): Promise<void> {
    const { store, location, world } = this.#options;
    const bytes = tombstone(world.now());
    if (purge) await purgeTable(store, { location, dropped, bytes }, signal);
    else await store.put(dropped.location, bytes, signal === undefined ? {} : { signal });
    this.#last = null;
  }

  /** One send: reads the current version, checks and applies, creates the next version. */
  async commit(request: CommitRequest, signal?: AbortSignal): Promise<CommitAnswer> {
    const { store, location, world } = this.#options;
    let base: TableVersion | null;
    try {
      base = await this.#current(signal);
    } catch (cause) {
      signal?.throwIfAborted();
      return notApplied(cause);
    }
    if (base?.isPurging && request.requirements.some(({ type }) => type === 'assert-create')) {
      return refusedBy(this.#stillPurging());
    }
    const prepared = prepareCommit(base, request, { location, nowMs: world.now(), shown: this.#shown });
    if (prepared.kind === 'answer') return prepared.answer;
    if (prepared.kind === 'unchanged') {
      return { kind: 'committed', table: this.#loaded(prepared.location, prepared.metadata) };
    }
    const { metadata } = prepared;
    const version = (base?.version ?? 0) + 1;
    const file = this.#nextFile(base);
    const outcome = await putVersion(store, file, await metadataBytes(metadata, file), signal);
    switch (outcome.kind) {
      case 'lost':
        return { kind: 'conflict', message: `another writer committed version ${version} of ${this.#shown} first` };
      case 'refused':
        return notApplied(outcome.error);
      case 'unknown':
        return { kind: 'unknown', message: `no answer to writing version ${version}`, cause: outcome.cause };
      case 'won':
        return this.#won(version, outcome, metadata);
    }
  }

  async #won(
    version: number,
    { location: file, etag }: PutVersionOutcome & { kind: 'won' },
    metadata: TableMetadata,
  ): Promise<CommitAnswer> {
    const { store, location } = this.#options;
    if (!keepsOldVersions(metadata) && (await supersededUnseen(store, location, version, file, metadata))) {
      const message = `version ${version} had been written before, and removed since: this commit came too late`;
      return { kind: 'unknown', message };
    }
    this.#last = { version, location: file, etag, metadata };
    await putVersionHint(store, location, version);
    await removeOldVersion(store, location, version, metadata);
    return { kind: 'committed', table: this.#loaded(file, metadata) };
  }

  async #put(base: TableVersion | null, metadata: TableMetadata, signal?: AbortSignal): Promise<PutVersionOutcome> {
    const { store, location } = this.#options;
    const version = (base?.version ?? 0) + 1;
    const file = this.#nextFile(base);
    const outcome = await putVersion(store, file, await metadataBytes(metadata, file), signal);
    if (outcome.kind === 'won') {
      this.#last = { version, location: outcome.location, etag: outcome.etag, metadata };
      await putVersionHint(store, location, version);
    }
    return outcome;
  }

  /**
   * Whether the next version is compressed is for the version before it to say: writers who start from the same one try
   * for the same name, and one of them wins.
   */
  #nextFile(base: TableVersion | null): string {
    return versionFile(this.#options.location, (base?.version ?? 0) + 1, wantsGzip(base?.metadata ?? null));
  }

  #find(signal?: AbortSignal) {
    const last = this.#last;
    return findCurrentVersion(this.#options.store, this.#options.location, {
      ...(signal === undefined ? {} : { signal }),
      ...(last === null ? {} : { from: last.version, mayTurnCompressed: wantsGzip(last.metadata) }),
    });
  }

  /** Null: there never was such a table. Metadata null: it was dropped. */
  async #current(signal?: AbortSignal): Promise<TableVersion | null> {
    for (let attempt = 1; ; attempt++) {
      const place = await this.#find(signal);
      if (place === null) {
        this.#last = null;
        return null;
      }
      const last = this.#last;
      const isKnown = last?.location === place.location && last.etag !== null && last.etag === place.etag;
      if (isKnown) return last;
      const bytes = await readIfThere(this.#options.store, place.location, signal);
      // Gone between the look and the read: old versions may be removed at any time.
      if (bytes === null && attempt < 3) continue;
      if (bytes === null) throw this.#notFound();
      const metadata = await readVersionBytes(bytes, place.location);
      const isPurging = metadata === null && readTombstone(new TextDecoder().decode(bytes))?.isPurging === true;
      this.#last = { version: place.version, location: place.location, etag: place.etag, metadata, isPurging };
      // Its next version has a name that was not looked for.
      if (wantsGzip(metadata) && !isCompressed(place) && attempt < 3) continue;
      return this.#last;
    }
  }

  #loaded(metadataLocation: string, metadata: TableMetadata): LoadedTable {
    const { identifier, store } = this.#options;
    return { identifier, metadataLocation, metadata, store };
  }

  #exists(): IcestreamError {
    const table = this.#shown;
    return new IcestreamError('ALREADY_EXISTS', `the table ${table} exists already`, { table });
  }

  /** A new table's files would be removed with the old one's. */
  #stillPurging(): IcestreamError {
    const table = this.#shown;
    const message = `the files of an earlier table ${table} are being removed; try again later, or drop it with its files once more if nobody removes them any longer`;
    return new IcestreamError('INVALID_ARGUMENT', message, { table });
  }

  #notFound(): IcestreamError {
    return new IcestreamError(
      'NOT_FOUND',
      `there is no table ${this.#shown} (looked for ${versionFile(this.#options.location, 1)} and later versions); check the name, or create the table`,
      { table: this.#shown },
    );
  }

  #notWritten(done: string, outcome: Exclude<PutVersionOutcome, { kind: 'won' }>): IcestreamError {
    if (outcome.kind === 'refused') return outcome.error;
    const why = outcome.kind === 'lost' ? 'others commit to it all the time' : 'the store gave no answer';
    return new IcestreamError(
      'UNAVAILABLE',
      `the table ${this.#shown} was perhaps not ${done}: ${why}; look, and try again`,
      {
        table: this.#shown,
        retryable: true,
        ...(outcome.kind === 'unknown' ? { cause: outcome.cause } : {}),
      },
    );
  }
}
