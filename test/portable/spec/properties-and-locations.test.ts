import { expect, test } from 'vitest';
import {
  dataFileLocation,
  dataFileName,
  manifestListFileName,
  metadataFolder,
  newSnapshotId,
} from '../../../src/spec/locations.ts';
import { parseWriteProperties, requireWritableTable } from '../../../src/spec/properties.ts';
import { newTableMetadata } from '../../../src/spec/table-metadata-new.ts';

test('defaults are those of Iceberg', () => {
  const properties = parseWriteProperties();
  expect(properties).toMatchObject({
    targetFileSizeBytes: 536_870_912,
    parquet: {
      rowGroupSizeBytes: 134_217_728,
      pageSizeBytes: 1_048_576,
      pageRowLimit: 20_000,
      codec: 'zstd',
      level: null,
    },
    manifestCodec: 'deflate',
    manifestTargetSizeBytes: 8_388_608,
    manifestMinCountToMerge: 100,
    manifestMergeEnabled: true,
    commitRetry: { numRetries: 4, minWaitMs: 100, maxWaitMs: 60_000, totalTimeoutMs: 1_800_000 },
    statusCheck: { numRetries: 3, minWaitMs: 1000, maxWaitMs: 60_000, totalTimeoutMs: 1_800_000 },
    delete: { mode: 'copy-on-write', isolationLevel: 'serializable' },
    distributionMode: null,
  });
});

test('columns have settings of their own, whatever they are called', () => {
  const { parquet } = parseWriteProperties(
    Object.fromEntries([
      ['write.parquet.bloom-filter-enabled.column.__proto__', 'TRUE'],
      ['write.parquet.bloom-filter-fpp.column.__proto__', '0.1'],
      ['write.parquet.dict-encoding-enabled.column.a.b', 'false'],
      ['write.parquet.stats-enabled.column.c', 'true'],
      ['write.parquet.compression-codec', 'SNAPPY'],
      ['write.parquet.compression-level', '3'],
    ]),
  );
  expect([...parquet.columns]).toEqual([
    ['__proto__', { bloomFilter: { fpp: 0.1, maxBytes: 1_048_576 } }],
    ['c', { statistics: true }],
    ['a.b', { dictionary: false }],
  ]);
  expect(parquet.codec).toBe('snappy');
  expect(parquet.level).toBe(3);
});

test.each([
  ['write.target-file-size-bytes', '512MB', 'INVALID_METADATA'],
  ['write.target-file-size-bytes', '0', 'INVALID_METADATA'],
  ['commit.retry.num-retries', '-1', 'INVALID_METADATA'],
  ['commit.manifest-merge.enabled', 'yes', 'INVALID_METADATA'],
  ['write.parquet.compression-codec', 'zip', 'INVALID_METADATA'],
  ['write.parquet.compression-codec', 'brotli', 'UNSUPPORTED'],
  ['write.delete.mode', 'sometimes', 'INVALID_METADATA'],
  ['write.parquet.compression-level', '1.5', 'INVALID_METADATA'],
])('%s = %s is refused by name', (key, value, code) => {
  expect(() => parseWriteProperties({ [key]: value })).toThrow(
    expect.objectContaining({ code, place: { option: key }, message: expect.stringContaining(key) }),
  );
});

test('a compression level that the codec does not have is refused, by the property’s name and with the range', () => {
  const [codec, level] = ['write.parquet.compression-codec', 'write.parquet.compression-level'];
  for (const [name, value] of [
    ['gzip', '10'],
    ['gzip', '-1'],
    ['zstd', '23'],
  ] as const) {
    expect(() => parseWriteProperties({ [codec]: name, [level]: value })).toThrow(
      expect.objectContaining({
        code: 'INVALID_METADATA',
        place: { option: level },
        message: expect.stringMatching(name === 'gzip' ? /at least 0 and at most 9/ : /at most 22/),
      }),
    );
  }
  expect(parseWriteProperties({ [codec]: 'gzip', [level]: '9' }).parquet.level).toBe(9);
  expect(parseWriteProperties({ [level]: '-5' }).parquet.level).toBe(-5);
});

test.each([
  ['write.format.default', 'orc'],
  ['write.location-provider.impl', 'com.example.Provider'],
  ['encryption.key-id', 'k'],
  ['write.object-storage.path', 's3://b/x'],
])('a table with %s = %s is not written', (key, value) => {
  const table = (properties: Record<string, string>) =>
    newTableMetadata({
      schema: { type: 'struct', fields: [{ id: 1, name: 'a', required: false, type: 'int' }] },
      location: 's3://b/t',
      uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
      now: 0,
      properties,
    });
  requireWritableTable(table({}));
  expect(() => requireWritableTable(table({ [key]: value }))).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED', place: { option: key } }),
  );
});

const table = (properties: Record<string, string> = {}) => ({ location: 's3://b/db/t', properties });

test.each([
  [{}, '', 's3://b/db/t/data/f.parquet'],
  [{}, 'p=1', 's3://b/db/t/data/p=1/f.parquet'],
  [{ 'write.data.path': 's3://c/x/' }, 'p=1', 's3://c/x/p=1/f.parquet'],
  [
    { 'write.object-storage.enabled': 'true' },
    '',
    /^s3:\/\/b\/db\/t\/data\/[01]{4}\/[01]{4}\/[01]{4}\/[01]{8}\/f\.parquet$/,
  ],
  [
    { 'write.object-storage.enabled': 'true', 'write.object-storage.partitioned-paths': 'false' },
    'p=1',
    /^s3:\/\/b\/db\/t\/data\/[01]{4}\/[01]{4}\/[01]{4}\/[01]{8}-f\.parquet$/,
  ],
  [
    { 'write.object-storage.enabled': 'true', 'write.data.path': 's3://c/x' },
    'p=1',
    /^s3:\/\/c\/x\/[01]{4}\/[01]{4}\/[01]{4}\/[01]{8}\/db\/t\/p=1\/f\.parquet$/,
  ],
])('data files of a table with %j', (properties, path, expected) => {
  const location = dataFileLocation(table(properties as Record<string, string>), path, 'f.parquet');
  if (typeof expected === 'string') expect(location).toBe(expected);
  else expect(location).toMatch(expected);
});

test.each([
  ['a', '0101/0110/1001/10110010'],
  ['b', '1110/0111/1110/00000011'],
  ['c', '0010/1101/0110/01011111'],
  ['d', '1001/0001/0100/01110011'],
])('the hash folders of %s are those of Java', (name, folders) => {
  const location = dataFileLocation(table({ 'write.object-storage.enabled': 'true' }), '', name);
  expect(location).toBe(`s3://b/db/t/data/${folders}/${name}`);
});

test('names of files', () => {
  expect(dataFileName('op', 1)).toBe('00000-0-op-00001.parquet');
  expect(manifestListFileName(7n, 1, 'u')).toBe('snap-7-1-u.avro');
  expect(metadataFolder(table({ 'write.metadata.path': 's3://m/' }))).toBe('s3://m');
});

test('snapshot ids are positive and unused', () => {
  let next = 0xff;
  const randomBytes = (length: number) => new Uint8Array(length).fill(next--);
  const id = newSnapshotId(randomBytes, (candidate) => candidate === 2n ** 63n - 1n);
  expect(id).toBe(0x7efefefefefefefen);
  expect(() =>
    newSnapshotId(
      (length) => new Uint8Array(length),
      () => false,
    ),
  ).toThrow(/random/);
});
