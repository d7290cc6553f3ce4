import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openAvro } from '../../../src/avro/index.ts';
import type { DataFile, ManifestEntry, ManifestFile } from '../../../src/spec/data-file.ts';
import { readManifestList } from '../../../src/spec/manifest-list-read.ts';
import { writeManifestList } from '../../../src/spec/manifest-list-write.ts';
import { readManifest } from '../../../src/spec/manifest-read.ts';
import { type ManifestWriteOptions, writeManifests } from '../../../src/spec/manifest-write.ts';
import type { PartitionSpec } from '../../../src/spec/partition-spec.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { singleValueFromBytes } from '../../../src/spec/single-value.ts';
import type { PrimitiveType, SingleValue } from '../../../src/spec/types.ts';
import { fromBase64 } from '../../../src/util/encoding.ts';
import { manifestLists } from '../../fixtures/iceberg-manifest-lists.ts';
import { writeManifest } from '../../support/write-manifest.ts';

const types: PrimitiveType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'decimal(9, 2)',
  'decimal(9, 2)',
  'decimal(38, 0)',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'uuid',
  'fixed[3]',
  'binary',
];
const schema: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: types.map((type, index) => ({ id: index + 1, name: `c ${index}`, required: false, type })),
};
const spec: PartitionSpec = {
  'spec-id': 0,
  fields: types.map((_, index) => ({
    'source-id': index + 1,
    'field-id': 1000 + index,
    name: `p-${index}`,
    transform: 'identity',
  })),
};
const uuid = Uint8Array.from({ length: 16 }, (_, i) => i * 16);
const tuple: (SingleValue | null)[] = [
  true,
  -1,
  -(2n ** 63n),
  0.5,
  -0,
  -1420n,
  99n,
  -(10n ** 37n),
  -719_162,
  1n,
  -1n,
  2n ** 60n,
  3n,
  4n,
  'naïve 🎈',
  uuid,
  uuid,
  Uint8Array.of(1, 2, 3),
  Uint8Array.of(),
];
const table = { schemas: [schema], 'current-schema-id': 0, 'partition-specs': [spec] };
const randomBytes = (length: number) => new Uint8Array(length).fill(9);

function dataFile(name: string, more: Partial<DataFile> = {}): DataFile {
  return {
    content: 'data',
    filePath: `s3://b/t/data/${name}.parquet`,
    fileFormat: 'parquet',
    specId: 0,
    partition: tuple,
    recordCount: 10n,
    fileSizeInBytes: 1000n,
    columnSizes: new Map([[1, 77n]]),
    valueCounts: new Map([[1, 10n]]),
    nullValueCounts: new Map([[1, 0n]]),
    nanValueCounts: new Map(),
    lowerBounds: new Map([[1, Uint8Array.of(0)]]),
    upperBounds: new Map([[1, Uint8Array.of(1)]]),
    splitOffsets: [4n, 999n],
    sortOrderId: 0,
    ...more,
  };
}

function added(name: string, more: Partial<DataFile> = {}): ManifestEntry {
  return {
    status: 'added',
    snapshotId: null,
    sequenceNumber: null,
    fileSequenceNumber: null,
    dataFile: dataFile(name, more),
  };
}

const options: ManifestWriteOptions = { formatVersion: 2, schema, spec, content: 'data', snapshotId: 7n, randomBytes };

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

function listed(file: Omit<ManifestFile, 'manifestPath'>, more: Partial<ManifestFile> = {}): ManifestFile {
  return { ...file, manifestPath: 's3://b/t/metadata/m0.avro', sequenceNumber: 5n, ...more };
}

test.each([2, 3])('entries with partition values of every type, v%i', async (formatVersion) => {
  const old: ManifestEntry = {
    status: 'existing',
    snapshotId: 3n,
    sequenceNumber: 2n,
    fileSequenceNumber: 1n,
    dataFile: dataFile('old', { partition: tuple.map(() => null) }),
  };
  const { bytes, manifestFile } = await writeManifest({ ...options, formatVersion, entries: [added('a'), old] });
  expect(manifestFile).toMatchObject({
    manifestLength: BigInt(bytes.length),
    sequenceNumber: -1n,
    minSequenceNumber: 2n,
    addedFilesCount: 1,
    existingFilesCount: 1,
    deletedFilesCount: 0,
    addedRowsCount: 10n,
    existingRowsCount: 10n,
  });
  const entries = await collect(readManifest(bytes, listed(manifestFile), table));
  expect(entries).toEqual([{ ...added('a'), snapshotId: 7n, sequenceNumber: 5n, fileSequenceNumber: 5n }, old]);
  expect(manifestFile.partitions).toHaveLength(types.length);
  manifestFile.partitions?.forEach((summary, index) => {
    expect(summary.containsNull).toBe(true);
    expect(singleValueFromBytes(types[index] ?? 'int', summary.lowerBound ?? new Uint8Array(0))).toEqual(tuple[index]);
  });
});

test('the header says what the manifest holds', async () => {
  const { bytes } = await writeManifest({ ...options, entries: [] });
  const file = await openAvro(bytes);
  expect(JSON.parse(file.text('partition-spec') ?? '')).toHaveLength(types.length);
  expect(JSON.parse(file.text('schema') ?? '')).toMatchObject({ type: 'struct', 'schema-id': 0 });
  expect([...file.metadata.keys()]).toEqual([
    'avro.schema',
    'avro.codec',
    'schema',
    'schema-id',
    'partition-spec',
    'partition-spec-id',
    'format-version',
    'content',
  ]);
  expect(file.text('content')).toBe('data');
  const avro = JSON.parse(file.text('avro.schema') ?? '');
  const [, , , , data] = avro.fields;
  expect(avro.name).toBe('manifest_entry');
  expect(data.type.name).toBe('r2');
  expect(data.type.fields.map((field: Record<string, unknown>) => field['field-id'])).toEqual([
    134, 100, 101, 102, 103, 104, 108, 109, 110, 137, 125, 128, 131, 132, 135, 140, 143,
  ]);
  const { fields } = data.type.fields[3].type;
  expect(fields[0]).toEqual({
    name: 'p_x2D0',
    type: ['null', 'boolean'],
    default: null,
    'iceberg-field-name': 'p-0',
    'field-id': 1000,
  });
  expect(fields[6].type).toEqual(['null', 'decimal_9_2']);
});

test('the list assigns sequence numbers to new manifests only', async () => {
  const { manifestFile } = await writeManifest({ ...options, entries: [added('a')] });
  const fresh = { ...manifestFile, manifestPath: 's3://b/t/metadata/new.avro' };
  const old = listed(manifestFile, { addedSnapshotId: 3n, sequenceNumber: 2n, minSequenceNumber: 1n });
  const { bytes, manifests, addedRows } = await writeManifestList({
    formatVersion: 2,
    snapshotId: 7n,
    parentSnapshotId: 3n,
    sequenceNumber: 4n,
    manifests: [fresh, old],
    randomBytes,
  });
  expect(manifests.map((m) => [m.sequenceNumber, m.minSequenceNumber])).toEqual([
    [4n, 4n],
    [2n, 1n],
  ]);
  expect(addedRows).toBe(0n);
  expect(await collect(readManifestList(bytes))).toEqual(manifests);
  expect((await openAvro(bytes)).text('parent-snapshot-id')).toBe('3');
  await expect(
    writeManifestList({
      formatVersion: 2,
      snapshotId: 8n,
      parentSnapshotId: null,
      sequenceNumber: 4n,
      manifests: [fresh],
      randomBytes,
    }),
  ).rejects.toThrow(/another snapshot added it/);
});

test('v3 assigns first row ids, also to manifests from before the upgrade, and readers inherit them', async () => {
  const old: ManifestEntry = {
    status: 'existing',
    snapshotId: 3n,
    sequenceNumber: 2n,
    fileSequenceNumber: 2n,
    dataFile: dataFile('old'),
  };
  const gone: ManifestEntry = { ...old, status: 'deleted', dataFile: dataFile('gone') };
  const write = (entries: ManifestEntry[]) => writeManifest({ ...options, formatVersion: 3, entries });
  const first = await write([added('a', { recordCount: 3n }), added('b', { recordCount: 4n })]);
  const second = await write([gone, old, added('c')]);
  const path = (file: Omit<ManifestFile, 'manifestPath'>, name: string) => ({ ...file, manifestPath: name });
  const { bytes, manifests, addedRows } = await writeManifestList({
    formatVersion: 3,
    snapshotId: 7n,
    parentSnapshotId: null,
    sequenceNumber: 9n,
    firstRowId: 1000n,
    manifests: [
      path(first.manifestFile, 'm0'),
      { ...path(first.manifestFile, 'd0'), content: 'deletes' },
      { ...path(first.manifestFile, 'kept'), firstRowId: 5n },
      path(second.manifestFile, 'm1'),
    ],
    randomBytes,
  });
  expect(manifests.map((m) => m.firstRowId)).toEqual([1000n, undefined, 5n, 1007n]);
  expect(addedRows).toBe(27n);
  const read = await collect(readManifestList(bytes));
  expect(read).toEqual(manifests);
  const ids = async (file: Uint8Array, index: number) =>
    (await collect(readManifest(file, read[index] as ManifestFile, table))).map((entry) => entry.dataFile.firstRowId);
  expect(await ids(first.bytes, 0)).toEqual([1000n, 1003n]);
  expect(await ids(second.bytes, 3)).toEqual([undefined, 1007n, 1017n]);
  const { firstRowId: _, ...v2Manifest } = read[0] as ManifestFile;
  const without = await collect(readManifest(first.bytes, v2Manifest, table));
  expect(without.map((entry) => entry.dataFile.firstRowId)).toEqual([undefined, undefined]);
});

test('manifests roll at the target size', async () => {
  const entries = Array.from({ length: 2000 }, (_, i) => added(`file-${i}-${(i * 7919) % 1009}`));
  const written = await collect(writeManifests({ ...options, entries, targetSizeBytes: 20_000 }));
  expect(written.length).toBeGreaterThan(1);
  const total = written.reduce((sum, { manifestFile }) => sum + (manifestFile.addedFilesCount ?? 0), 0);
  expect(total).toBe(2000);
  expect(await collect(writeManifests({ ...options, entries: [], targetSizeBytes: 20_000 }))).toEqual([]);
});

test.each([
  [{ ...added('a'), dataFile: dataFile('a', { content: 'equality-deletes' }) }, /holds equality-deletes/],
  [{ ...added('a'), dataFile: dataFile('a', { specId: 3 }) }, /partition spec 3/],
  [{ ...added('a'), dataFile: dataFile('a', { partition: [] }) }, /tuple has another length/],
  [{ ...added('a'), status: 'deleted' as const }, /states both sequence numbers/],
  [{ ...added('a'), snapshotId: 1n }, /belongs to snapshot 1/],
])('an entry that breaks the rules is refused, %#', async (entry, message) => {
  await expect(writeManifest({ ...options, entries: [entry] })).rejects.toThrow(message);
});

test('the same input gives the same bytes', async () => {
  const once = await writeManifest({ ...options, entries: [added('a')] });
  const twice = await writeManifest({ ...options, entries: [added('a')] });
  expect(once.bytes).toEqual(twice.bytes);
});

test('manifest lists of the Java library', async () => {
  for (const text of Object.values(manifestLists)) {
    const manifests = await collect(readManifestList(fromBase64(text)));
    expect(manifests.length).toBeGreaterThan(0);
    for (const manifest of manifests) {
      expect(manifest.manifestPath).toMatch(/\.avro$/);
      expect(manifest.content).toBe('data');
      expect(manifest.addedFilesCount).toBeTypeOf('number');
    }
  }
  const [first] = await collect(readManifestList(fromBase64(manifestLists.v2First)));
  expect(first).toMatchInlineSnapshot(`
    {
      "addedFilesCount": 1,
      "addedRowsCount": 1n,
      "addedSnapshotId": 6653143792592159268n,
      "content": "data",
      "deletedFilesCount": 0,
      "deletedRowsCount": 0n,
      "existingFilesCount": 0,
      "existingRowsCount": 0n,
      "manifestLength": 6658n,
      "manifestPath": "iceberg-warehouse/people/metadata/794bd2ee-052c-449c-9a6f-3a88857c747f-m0.avro",
      "minSequenceNumber": 1n,
      "partitionSpecId": 0,
      "partitions": [],
      "sequenceNumber": 1n,
    }
  `);
});

test('a damaged manifest is named', async () => {
  const { bytes, manifestFile } = await writeManifest({ ...options, entries: [added('a'), added('b')] });
  const manifest = listed(manifestFile);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const broken = bytes.slice();
      broken[at] = (broken[at] ?? 0) ^ flip;
      const result = await collect(readManifest(broken, manifest, table)).catch((error: unknown) => error);
      if (!Array.isArray(result)) expect(result).toMatchObject({ name: 'IcestreamError', code: expect.anything() });
    }),
    { numRuns: 200 },
  );
  await expect(collect(readManifest(bytes.subarray(0, bytes.length - 3), manifest, table))).rejects.toMatchObject({
    place: { file: manifest.manifestPath },
  });
});
