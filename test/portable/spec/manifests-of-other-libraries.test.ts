import { expect, test } from 'vitest';
import { openAvro } from '../../../src/avro/index.ts';
import type { ManifestFile } from '../../../src/spec/data-file.ts';
import { JsonCursor } from '../../../src/spec/json-cursor.ts';
import { readManifestList } from '../../../src/spec/manifest-list-read.ts';
import { readManifest } from '../../../src/spec/manifest-read.ts';
import { manifestEntrySchema } from '../../../src/spec/manifest-schema.ts';
import { partitionFieldTypes } from '../../../src/spec/partition-types.ts';
import { parseSchema } from '../../../src/spec/schema-parse.ts';
import { formatUuid } from '../../../src/spec/single-value-json.ts';
import { fromBase64 } from '../../../src/util/encoding.ts';
import { foreignManifests } from '../../fixtures/foreign-manifests.ts';

/** The table knows neither spec nor schema: both come from the manifest's header. */
const unknownTable = { schemas: [], 'current-schema-id': 0, 'partition-specs': [] };

async function entriesOf(name: keyof typeof foreignManifests, more: Partial<ManifestFile> = {}) {
  const bytes = fromBase64(foreignManifests[name]);
  const manifest: ManifestFile = {
    manifestPath: `s3://b/t/metadata/${name}.avro`,
    manifestLength: BigInt(bytes.length),
    partitionSpecId: 0,
    content: 'data',
    sequenceNumber: 9n,
    minSequenceNumber: 1n,
    addedSnapshotId: 77n,
    ...more,
  };
  const entries = [];
  for await (const entry of readManifest(bytes, manifest, unknownTable)) entries.push(entry);
  return entries;
}

test.each([
  ['javaV1', { sequenceNumber: 0n, minSequenceNumber: 0n }, [0n, 0n, 0n], [undefined, undefined]],
  ['javaV2', {}, [9n, 2n, 1n], [undefined, undefined]],
  ['javaV3', { firstRowId: 100n }, [9n, 2n, 1n], [100n, 110n]],
] as const)('%s', async (name, more, sequences, rowIds) => {
  const [added, existing, deleted] = await entriesOf(name, more);
  expect([added, existing, deleted].map((entry) => entry?.sequenceNumber)).toEqual(sequences);
  expect([added, existing, deleted].map((entry) => entry?.snapshotId)).toEqual([77n, 5n, 77n]);
  expect([added, existing].map((entry) => entry?.dataFile.firstRowId)).toEqual(rowIds);
  expect(added).toMatchObject({
    status: 'added',
    dataFile: {
      content: 'data',
      filePath: 's3://b/t/data/a.parquet',
      fileFormat: 'parquet',
      recordCount: 10n,
      fileSizeInBytes: 1000n,
      splitOffsets: [4n, 500n],
      valueCounts: new Map([[5, 10n]]),
      lowerBounds: new Map([[5, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)]]),
    },
  });
  const [decimal, uuid, hour, text, bucket] = added?.dataFile.partition ?? [];
  expect([decimal, hour, text, bucket]).toEqual([-1420n, 419_686, 'äb🎈', 3]);
  expect(formatUuid(uuid as Uint8Array)).toBe('f79c3e09-677c-4bbd-a479-3f349cb785e7');
  expect(deleted).toMatchObject({ status: 'deleted', dataFile: { partition: [null, null, null, null, null] } });
});

test('PyIceberg, whose deflate blocks end in a piece of a checksum', async () => {
  const list = [];
  for await (const manifest of readManifestList(fromBase64(foreignManifests.pyicebergList))) list.push(manifest);
  expect(list).toMatchObject([
    {
      content: 'data',
      sequenceNumber: 1n,
      addedSnapshotId: 1234567890123456789n,
      addedFilesCount: 2,
      addedRowsCount: 7n,
    },
  ]);
  const entries = await entriesOf('pyiceberg', list[0]);
  expect(entries.map((entry) => entry.dataFile.partition)).toEqual([
    [574, 'é🎈', -1234n, 3],
    [null, null, null, null],
  ]);
});

test.each([
  ['javaV2', 2],
  ['javaV3', 3],
] as const)('our manifests have the Avro schema of %s', async (name, version) => {
  const file = await openAvro(fromBase64(foreignManifests[name]));
  const header = (key: string) => JSON.parse(file.text(key) ?? '');
  const partition = partitionFieldTypes({ fields: header('partition-spec') }, [
    parseSchema(new JsonCursor(header('schema'), '$')),
  ]);
  expect(manifestEntrySchema(version, partition)).toEqual(header('avro.schema'));
});
