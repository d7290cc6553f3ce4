/** What the tests of scans share. */
import type { DataFile, ManifestEntry } from '../../../src/spec/data-file.ts';
import { writeManifestList } from '../../../src/spec/manifest-list-write.ts';
import { schemaIndex } from '../../../src/spec/schema-index.ts';
import type { Snapshot } from '../../../src/spec/snapshot.ts';
import type { NestedField } from '../../../src/spec/types.ts';
import type { TableUpdate } from '../../../src/spec/updates.ts';
import type { Store } from '../../../src/storage/store.ts';
import type { Table } from '../../../src/table/table.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes } from '../../../src/util/encoding.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import { rowGroupBytes } from '../../support/row-group.ts';
import { writeManifest } from '../../support/write-manifest.ts';
import { hastyWorld, type Lake, lake } from '../write/lake.ts';
import { MiB, type TestRows, testEngine } from '../write/rows.ts';

/** Values in one form, whatever the objects' prototypes: bytes as arrays, maps as lists of pairs, -0 and NaN as text. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (value instanceof Map) return { map: [...value].map(plain) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'number' && (Number.isNaN(value) || Object.is(value, -0)))
    return Object.is(value, -0) ? '-0' : 'NaN';
  if (typeof value !== 'object' || value === null) return value ?? null;
  return { fields: Object.entries(value).map(([name, one]) => [name, plain(one)]) };
}

/** All items; not every runtime has `Array.fromAsync`. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export interface DataReads {
  bytes: number;
  readonly files: Set<string>;
  clear(): void;
}

/** A lake that counts what is read of data files. */
export async function countedLake(): Promise<Lake & { readonly dataReads: DataReads }> {
  const dataReads: DataReads = {
    bytes: 0,
    files: new Set(),
    clear() {
      this.bytes = 0;
      this.files.clear();
    },
  };
  const store = (inner: Store): Store =>
    new Proxy(inner, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        if (name !== 'read') return member.bind(target);
        return async (...args: Parameters<Store['read']>) => {
          const bytes = await target.read(...args);
          if (args[0].endsWith('.parquet')) {
            dataReads.bytes += bytes.length;
            dataReads.files.add(args[0]);
          }
          return bytes;
        };
      },
    });
  return { ...(await lake({ store })), dataReads };
}

/** A lake that counts the streams of its store that are open. */
export async function lakeOfStreams(): Promise<Lake & { readonly open: () => number }> {
  let open = 0;
  const counted = (stream: ReadableStream<Bytes>): ReadableStream<Bytes> => {
    const reader = stream.getReader();
    open += 1;
    const end = () => {
      open -= 1;
    };
    return new ReadableStream<Bytes>(
      {
        pull: async (controller) => {
          const next = await reader.read();
          if (!next.done) return controller.enqueue(next.value);
          end();
          controller.close();
        },
        cancel: (reason) => {
          end();
          return reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  };
  const store = (inner: Store): Store =>
    new Proxy(inner, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        if (name !== 'stream') return member.bind(target);
        return async (...args: Parameters<Store['stream']>) => counted(await target.stream(...args));
      },
    });
  return { ...(await lake({ store })), open: () => open };
}

/** Commits updates as another program would, and loads the table again. */
export async function commitUpdates(at: Lake, table: Table, updates: readonly TableUpdate[]): Promise<Table> {
  const { identifier } = table;
  const answer = await at.client.commit(
    { identifier, requirements: [], updates },
    { idempotencyKey: uuidV7(hastyWorld) },
  );
  if (answer.kind !== 'committed') throw new Error(JSON.stringify(answer));
  return table.refresh();
}

/** Gives the table another schema with these fields. */
export function evolve(at: Lake, table: Table, fields: readonly NestedField[]): Promise<Table> {
  const lastColumnId = Math.max(
    table.metadata['last-column-id'],
    ...schemaIndex({ type: 'struct', fields }).byId.keys(),
  );
  return commitUpdates(at, table, [
    { action: 'add-schema', schema: { type: 'struct', fields }, 'last-column-id': lastColumnId },
    { action: 'set-current-schema', 'schema-id': -1 },
  ]);
}

/** Adds a snapshot whose manifest list has one more manifest, of these files. */
export async function commitManifest(
  at: Lake,
  table: Table,
  content: 'data' | 'deletes',
  files: readonly DataFile[],
  status: ManifestEntry['status'] = 'added',
): Promise<Table> {
  const { metadata } = table;
  const snapshotId = 4242n + metadata['last-sequence-number'];
  const sequenceNumber = metadata['last-sequence-number'] + 1n;
  const formatVersion = metadata['format-version'];
  const randomBytes = hastyWorld.randomBytes;
  const stated = status === 'added' ? null : sequenceNumber;
  const { bytes, manifestFile } = await writeManifest({
    ...{ formatVersion, content, snapshotId, randomBytes, schema: table.schema, spec: table.spec },
    entries: files.map((dataFile) => ({
      ...{ status, snapshotId, dataFile },
      ...{ sequenceNumber: stated, fileSequenceNumber: stated },
    })),
  });
  const manifestPath = `${table.location}/metadata/made-${snapshotId}.avro`;
  await at.store.put(manifestPath, bytes);
  const firstRowId = metadata['next-row-id'] ?? 0n;
  const list = await writeManifestList({
    ...{ formatVersion, snapshotId, sequenceNumber, randomBytes, firstRowId },
    parentSnapshotId: metadata['current-snapshot-id'] ?? null,
    manifests: [...(await table.manifests()), { manifestPath, ...manifestFile }],
  });
  const location = `${table.location}/metadata/snap-${snapshotId}.avro`;
  await at.store.put(location, list.bytes);
  const snapshot: Snapshot = {
    ...{ 'snapshot-id': snapshotId, 'sequence-number': sequenceNumber, 'manifest-list': location },
    ...{
      'timestamp-ms': BigInt(Date.now()),
      summary: { operation: 'overwrite' },
      'schema-id': metadata['current-schema-id'],
    },
    ...(formatVersion === 3 ? { 'first-row-id': firstRowId, 'added-rows': list.addedRows } : {}),
  };
  return commitUpdates(at, table, [
    { action: 'add-snapshot', snapshot },
    { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshotId },
  ]);
}

/** Some columns of test rows as a Parquet file of a writer that knows nothing of Iceberg. */
export async function parquetWithoutIds(columns: readonly string[], rows: TestRows): Promise<Uint8Array<ArrayBuffer>> {
  const engine = await testEngine();
  const [batch] = engine.fromIpc(rows.ipc(0, rows.count));
  if (batch === undefined) throw new Error('no rows');
  const schema = { fields: batch.schema.fields.filter(({ name }) => columns.includes(name)) };
  using aligner = engine.aligner(batch.schema, { target: schema });
  using encoder = engine.encoder({
    ...{ schema, codec: 'snappy', level: null, encoding: 'default' },
    ...{ pageSizeBytes: MiB, pageRowLimit: 20_000, dictionarySizeBytes: MiB, statisticsTruncateBytes: 64 },
  });
  const head = await rowGroupBytes(encoder, [aligner.align(batch)]);
  const { bytes } = await encoder.finish();
  return concatBytes([head, bytes]);
}
