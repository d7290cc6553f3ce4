import { describe, expect, test } from 'vitest';
import type { EncoderOptions } from '../../../src/engine/encoder.ts';
import type { PartitionTransform } from '../../../src/engine/engine.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { toHex } from '../../../src/util/encoding.ts';
import { planMemory } from '../../../src/write/memory-plan.ts';
import { DataWriter } from '../../../src/write/rows/data-writer.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

interface Written {
  readonly location: string;
  readonly rows: number;
  readonly rowGroups: readonly number[];
  readonly sizeBytes: number;
  readonly partition: string;
}

/** Writes `count` rows cut into batches of `batchRows`; returns the files in order, with their bytes' hash. */
async function write(options: {
  readonly count: number;
  readonly batchRows: number;
  readonly transforms?: readonly PartitionTransform[];
  readonly targetFileSizeBytes?: number;
  readonly limitBytes?: number;
}) {
  const engine = await testEngine();
  const before = engine.liveBytes;
  const store = new MemoryStore('test');
  const opened = await sourceOf(orders(options.count), options).open({ engine, lease: undefined as never });
  const schema = { fields: opened.schema.fields.map((field, index) => ({ ...field, fieldId: index + 1 })) };
  const encoder: EncoderOptions = {
    schema,
    codec: 'zstd',
    level: 1,
    encoding: 'default',
    pageSizeBytes: MiB,
    pageRowLimit: 20_000,
    dictionarySizeBytes: 2 * MiB,
    statisticsTruncateBytes: 64,
  };
  const targetFileSizeBytes = options.targetFileSizeBytes ?? 512 * MiB;
  const plan = planMemory({
    limitBytes: options.limitBytes ?? 64 * MiB,
    capabilities: store.capabilities,
    rowBytes: 60,
    leafColumns: 5,
    partitioned: (options.transforms ?? []).length > 0,
    targetFileSizeBytes,
  });
  const files: Written[] = [];
  let opens = 0;
  let mostBuffered = 0;
  const writer: DataWriter = new DataWriter({
    engine,
    plan,
    transforms: options.transforms ?? [],
    leafColumns: 5,
    rowGroupSizeBytes: 128 * MiB,
    targetFileSizeBytes,
    newLocation: () => `memory://test/data/${String(opens++).padStart(5, '0')}.parquet`,
    openEncoder: () => engine.encoder(encoder),
    openUpload: (location) => store.openUpload(location),
    onEncoded: () => {},
    onFile: ({ location, sizeBytes, footer }, { values }) => {
      files.push({
        location,
        sizeBytes,
        rows: footer.numRows,
        rowGroups: footer.rowGroups.map((group) => group.numRows),
        partition: values.map((value) => (value === null ? 'null' : toHex(value))).join('/'),
      });
    },
    onState: () => {
      mostBuffered = Math.max(mostBuffered, writer.bufferedRowBytes);
    },
  });
  using aligner = engine.aligner(opened.schema, { target: schema });
  for await (const batch of opened.batches()) await writer.write(aligner.align(batch));
  await writer.finish();
  aligner.free();
  const bytes = await Promise.all(
    files.map(async ({ location }) => {
      const hash = await crypto.subtle.digest('SHA-256', await store.read(location));
      return toHex(new Uint8Array(hash));
    }),
  );
  return { files, bytes, plan, mostBuffered, leaked: engine.liveBytes - before, rows: writer.rowsWritten };
}

describe('an unpartitioned write', () => {
  test('gives the same files for batches of 7,777, 10,000 and 65,536 rows', async () => {
    const some = { count: 150_000, targetFileSizeBytes: MiB / 2 };
    const [a, b, c] = [
      await write({ ...some, batchRows: 7_777 }),
      await write({ ...some, batchRows: 10_000 }),
      await write({ ...some, batchRows: 65_536 }),
    ];
    expect(a.files.length).toBeGreaterThan(2);
    expect(b.files).toEqual(a.files);
    expect(b.bytes).toEqual(a.bytes);
    expect(c.bytes).toEqual(a.bytes);
    expect(a.rows).toBe(150_000);
  });

  test('rolls files near the target size', async () => {
    const target = 512 * 1024;
    const { files } = await write({ count: 100_000, batchRows: 10_000, targetFileSizeBytes: target });
    for (const file of files.slice(0, -1)) {
      expect(file.sizeBytes).toBeGreaterThanOrEqual(target);
      expect(file.sizeBytes).toBeLessThan(1.6 * target);
    }
  });

  test('buffers no more than its share and gives all memory back', async () => {
    const { plan, mostBuffered, leaked } = await write({ count: 400_000, batchRows: 10_000, limitBytes: 32 * MiB });
    expect(mostBuffered).toBeLessThanOrEqual(plan.bufferedRowBytes);
    expect(leaked).toBe(0);
  });
});

test('a file has as many row groups as its target size takes', async () => {
  const { files, rows, leaked } = await write({ count: 600_000, batchRows: 10_000, limitBytes: 26 * MiB });
  expect(rows).toBe(600_000);
  expect(files.map((file) => file.rowGroups.length > 8)).toEqual([true]);
  expect(leaked).toBe(0);
});

describe('a partitioned write', () => {
  const transforms: readonly PartitionTransform[] = [
    { sourceId: 2, transform: 'month' },
    { sourceId: 5, transform: 'identity' },
  ];

  test('keeps every file to one tuple, and gives the same files however the rows arrive', async () => {
    const some = { count: 120_000, transforms, limitBytes: 32 * MiB };
    const a = await write({ ...some, batchRows: 7_777 });
    const b = await write({ ...some, batchRows: 65_536 });
    expect(b.files).toEqual(a.files);
    expect(b.bytes).toEqual(a.bytes);
    expect(a.rows).toBe(120_000);
    expect(new Set(a.files.map((file) => file.partition)).size).toBeGreaterThan(50);
    // The first run grows the engine's table of handles once.
    expect(b.leaked).toBe(0);
  });

  test('stays within its share when more partitions are open than the budget holds', async () => {
    const byId: readonly PartitionTransform[] = [{ sourceId: 1, transform: 'bucket[500]' }];
    const { files, plan, mostBuffered, rows } = await write({
      count: 200_000,
      batchRows: 10_000,
      transforms: byId,
      limitBytes: 28 * MiB,
    });
    expect(mostBuffered).toBeLessThanOrEqual(plan.bufferedRowBytes);
    expect(rows).toBe(200_000);
    expect(new Set(files.map((file) => file.partition)).size).toBe(500);
  });
});
