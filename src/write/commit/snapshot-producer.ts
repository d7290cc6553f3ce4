/**
 * From added files to a commit body. Their manifests are made once, whatever becomes of the table; what depends on its
 * state is made again for every attempt (`build`: merged manifests that changed, manifest list,
 * sequence number, first-row-id, requirements). The snapshot id stays the same over all attempts.
 */
import type { LoadedTable } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import type { ManifestFile } from '../../spec/data-file.ts';
import { ownValue } from '../../spec/json-cursor.ts';
import type { TableRequirement } from '../../spec/requirements.ts';
import type { Snapshot, SnapshotRef } from '../../spec/snapshot.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { findSnapshot } from '../../spec/table-parts.ts';
import type { TableUpdate } from '../../spec/updates.ts';
import type { World } from '../../util/world.ts';
import type { StagedFiles } from '../staged-files.ts';
import { checkWritable } from '../table-checks.ts';
import type { WriterPosition } from '../write-options.ts';
import type { AddedFiles } from './added-files.ts';
import { isSequenceTaken } from './commit-lookup.ts';
import type { CommitBody, Found } from './commit-loop.ts';
import { type EarlierLoad, findEarlier } from './earlier-load.ts';
import { ManifestMerger } from './manifest-merge.ts';
import { hasLiveFiles } from './manifest-merge-plan.ts';
import type { ManifestStore } from './manifest-store.ts';
import { BRANCH_KEY, COMMIT_ID_KEY, PAYLOAD_KEY } from './payload-digest.ts';
import { checkWap, WAP_ID_KEY } from './write-audit-publish.ts';
import { watermarkOf, watermarkProperties } from './writer-watermark.ts';

export interface SnapshotProducerOptions {
  readonly world: Pick<World, 'now' | 'randomBytes'>;
  /** The table the files were written for. */
  readonly table: LoadedTable;
  readonly branch: string;
  /** Not null: no ref moves, the snapshot is staged under this id. */
  readonly wapId: string | null;
  readonly staged: StagedFiles;
  readonly added: AddedFiles;
  readonly commitId: string;
  readonly writer: WriterPosition | null;
  readonly payload: string;
  readonly snapshotProperties: Readonly<Record<string, string>>;
  /** Changes that belong to the same commit, before the snapshot. */
  readonly updates: readonly TableUpdate[];
  /** The updates create the table (`assert-create`). */
  readonly create: boolean;
  /** Data files that must not be in the table already (they are registered, not written). */
  readonly refuseLive?: ReadonlySet<string>;
}

export class SnapshotProducer {
  readonly snapshotId: bigint;
  readonly #options: SnapshotProducerOptions;
  readonly #manifests: ManifestStore;
  readonly #merger: ManifestMerger;
  readonly #searched = new Set<string>();
  #attempt = 0;
  #list: string | null = null;

  constructor(options: SnapshotProducerOptions) {
    this.#options = options;
    this.#manifests = options.added.manifests;
    this.snapshotId = this.#manifests.snapshotId;
    this.#merger = new ManifestMerger(this.#manifests);
  }

  /** A body on `base`; null: on the staged table of the options. */
  async build(base: LoadedTable | null): Promise<CommitBody<EarlierLoad | null>> {
    const { create, branch, wapId, updates, writer } = this.#options;
    const table = this.#checkedBase(base);
    const { metadata } = table;
    await this.#dropList();
    const ref = ownValue(metadata.refs, branch) ?? ownValue(metadata.refs, 'main');
    const exists = ownValue(metadata.refs, branch) !== undefined;
    const head = ref === undefined ? null : findSnapshot(metadata, ref['snapshot-id']);
    const snapshot = await this.#snapshot(metadata, head);
    const requirements: TableRequirement[] = create
      ? [{ type: 'assert-create' }]
      : [
          { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
          {
            type: 'assert-ref-snapshot-id',
            ref: branch,
            'snapshot-id': exists && ref !== undefined ? ref['snapshot-id'] : null,
          },
        ];
    return {
      request: {
        identifier: table.identifier,
        requirements,
        updates: [
          ...updates,
          { action: 'add-snapshot', snapshot },
          ...(wapId === null
            ? [
                {
                  action: 'set-snapshot-ref' as const,
                  'ref-name': branch,
                  ...movedRef(exists ? ref : undefined, this.snapshotId),
                },
              ]
            : []),
          ...(writer === null
            ? []
            : [{ action: 'set-properties' as const, updates: watermarkProperties(writer, branch, this.snapshotId) }]),
        ],
      },
      result: null,
      isSuperseded: (now) =>
        now['table-uuid'] !== metadata['table-uuid'] ||
        isSequenceTaken(now, metadata['last-sequence-number'] + 1n, this.snapshotId),
    };
  }

  /** This write's commit (null), or another call's with the same commit id or writer. */
  find(metadata: TableMetadata): Found<EarlierLoad | null> | null {
    if (this.#isIn(metadata)) return { result: null, own: true };
    const other = findEarlier(metadata, this.#options);
    return other === null ? null : { result: other, own: false };
  }

  /** The watermark names its snapshot: it proves the commit also where the catalog shows only the newest one. */
  #isIn(metadata: TableMetadata): boolean {
    const { writer, branch } = this.#options;
    if (findSnapshot(metadata, this.snapshotId) !== null) return true;
    return writer !== null && watermarkOf(metadata, writer.id, branch)?.snapshotId === this.snapshotId;
  }

  /** After the commit: manifests that were made for an attempt that did not become it. */
  unused(): readonly string[] {
    return this.#merger.unused();
  }

  #checkedBase(base: LoadedTable | null): LoadedTable {
    const { table, create, branch, wapId } = this.#options;
    const name = formatIdentifier(table.identifier);
    if (create) {
      if (base !== null && base !== table) {
        throw new IcestreamError('ALREADY_EXISTS', `${name} was created by someone else meanwhile`, { table: name });
      }
      return table;
    }
    if (base === null || base.metadata['table-uuid'] !== table.metadata['table-uuid']) {
      throw new IcestreamError(
        'COMMIT_FAILED',
        `${name} was dropped or replaced by another table while data was written for it; nothing was committed`,
        { table: name },
      );
    }
    if (base !== table) checkWritable(base.metadata, base.identifier, branch);
    if (wapId !== null) checkWap(base.metadata, base.identifier, wapId);
    for (const id of this.#options.added.specIds) {
      if (base.metadata['partition-specs'].some((spec) => spec['spec-id'] === id)) continue;
      throw new IcestreamError(
        'COMMIT_FAILED',
        `partition spec ${id}, which the data was written with, was removed from ${name}; write again`,
        { table: name, retryable: true },
      );
    }
    return base;
  }

  async #snapshot(metadata: TableMetadata, head: Snapshot | null): Promise<Snapshot> {
    const { world, added, commitId, payload, branch, wapId, snapshotProperties } = this.#options;
    const sequenceNumber = metadata['last-sequence-number'] + 1n;
    const before = head === null ? [] : await this.#manifests.readList(head);
    await this.#refuseLive(metadata, before);
    const kept = await this.#merger.merge(metadata, before.filter(hasLiveFiles));
    const list = await this.#manifests.writeList({
      metadata,
      head,
      sequenceNumber,
      attempt: ++this.#attempt,
      manifests: [...added.written, ...kept.manifests],
    });
    this.#list = list.location;
    const now = BigInt(Math.floor(world.now()));
    const updated = metadata['last-updated-ms'];
    return {
      'snapshot-id': this.snapshotId,
      ...(head === null ? {} : { 'parent-snapshot-id': head['snapshot-id'] }),
      'sequence-number': sequenceNumber,
      'timestamp-ms': now > updated ? now : updated,
      'manifest-list': list.location,
      summary: added.summary.build('append', head, {
        ...snapshotProperties,
        'manifests-created': String(added.written.length + kept.created),
        'manifests-kept': String(kept.kept),
        'manifests-replaced': String(kept.replaced),
        [COMMIT_ID_KEY]: commitId,
        [PAYLOAD_KEY]: payload,
        ...(branch === 'main' ? {} : { [BRANCH_KEY]: branch }),
        ...(wapId === null ? {} : { [WAP_ID_KEY]: wapId }),
      }),
      'schema-id': metadata['current-schema-id'],
      ...list.rowIds,
    };
  }

  /** Looks through manifests that no earlier attempt looked through. */
  async #refuseLive(metadata: TableMetadata, manifests: readonly ManifestFile[]): Promise<void> {
    const { refuseLive, table } = this.#options;
    if (refuseLive === undefined) return;
    for (const manifest of manifests) {
      if (this.#searched.has(manifest.manifestPath) || manifest.content === 'deletes') continue;
      for await (const { status, dataFile } of this.#manifests.readEntries(manifest, metadata)) {
        if (status === 'deleted' || !refuseLive.has(dataFile.filePath)) continue;
        const name = formatIdentifier(table.identifier);
        throw new IcestreamError(
          'INVALID_ARGUMENT',
          `${dataFile.filePath} is a file of ${name} already; nothing was added`,
          { file: dataFile.filePath, table: name },
        );
      }
      this.#searched.add(manifest.manifestPath);
    }
  }

  /** The list of an attempt that was refused: nothing names it. */
  async #dropList(): Promise<void> {
    if (this.#list !== null) await this.#options.staged.remove([this.#list]);
    this.#list = null;
  }
}

/** Keeps the retention settings of a branch that moves. */
function movedRef(ref: SnapshotRef | undefined, snapshotId: bigint): SnapshotRef {
  return ref === undefined
    ? { 'snapshot-id': snapshotId, type: 'branch' }
    : { ...ref, 'snapshot-id': snapshotId, type: 'branch' };
}
