import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { getEngine, newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Decompressor, Engine } from '../../../src/engine/engine.ts';
import { batchesToParts } from '../../../src/engine/wasm/batch.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes, utf8 } from '../../../src/util/encoding.ts';
import { encoding, rowGroupBytes } from '../../support/row-group.ts';

const MIB = 1024 * 1024;
/** The least limit of an engine. */
const LEAST = 6 * MIB;

function numbers(engine: Engine, rows: number): Batch {
  const table = tableFromArrays({ n: Float64Array.from({ length: rows }, (_, i) => Math.sin(i)) });
  const [batch] = engine.fromIpc(tableToIPC(table, 'stream') as Bytes);
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

const numberField = { name: 'n', nullable: true, type: { kind: 'float', bitWidth: 64 } } as const;

const ipcOf = (rows: number) =>
  tableToIPC(tableFromArrays({ n: Float64Array.from({ length: rows }, (_, i) => i % 100) }), 'stream') as Bytes;

/** The schema's message, and the rest without the end marker. */
function splitSchema(stream: Bytes): { head: Bytes; body: Bytes } {
  const length = 8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
  return { head: stream.slice(0, length), body: stream.slice(length, stream.length - 8) };
}

/** Joins a batch with itself, over and over, until memory runs out. */
function exhaust(engine: Engine): unknown {
  let joined = numbers(engine, 100_000);
  try {
    for (;;) joined = engine.concat([joined.slice(0, joined.numRows), joined]);
  } catch (error) {
    return error;
  }
}

describe('the engine', () => {
  it('refuses a limit that cannot work, with the number that would', async () => {
    for (const memoryLimitBytes of [1, MIB, LEAST - 1]) {
      await expect(newEngine({ memoryLimitBytes })).rejects.toMatchObject({
        code: 'MEMORY_LIMIT_TOO_SMALL',
        message: expect.stringContaining(String(LEAST)),
        place: { option: 'memoryLimitBytes', neededBytes: LEAST },
      });
    }
  });

  it.each(['uncompressed', 'snappy', 'gzip', 'lz4_raw', 'zstd'] as const)(
    'writes and reads a few rows with the least limit that it takes, by codec %s',
    async (codec) => {
      const engine = await newEngine({ memoryLimitBytes: LEAST });
      const text = utf8(`id,name,price\n${Array.from({ length: 10 }, (_, i) => `${i},name ${i},1.5\n`).join('')}`);
      const { dialect, schema } = engine.inferCsv(text);
      using reader = engine.csvReader({ dialect, schema, batchRows: 8192, batchBytes: 1024 * 1024, onBadRow: 'fail' });
      const target = { fields: schema.fields.map((field, i) => ({ ...field, fieldId: i + 1 })) };
      using aligner = engine.aligner(schema, { target });
      const batches = [...reader.push(text), ...reader.finish()].map((batch) => aligner.align(batch));
      using encoder = engine.encoder({ ...encoding, schema: target, codec, level: null });
      const rowGroup = await rowGroupBytes(encoder, batches);
      const file = concatBytes([rowGroup, (await encoder.finish()).bytes]);
      using parquet = await engine.openParquet({
        sizeBytes: file.length,
        read: async (start, end) => file.slice(start, end),
      });
      let rows = 0;
      for await (const batch of parquet.batches({ memoryLimitBytes: MIB })) {
        using held = batch;
        rows += tableFromIPC(held.toIpc()).numRows;
      }
      expect(rows).toBe(10);
    },
  );

  it('refuses input that does not fit, and goes on', async () => {
    const engine = await newEngine({ memoryLimitBytes: 8 * MIB });
    using reader = engine.ipcReader();
    expect(() => reader.push(ipcOf(2 * MIB))).toThrow(expect.objectContaining({ code: 'MEMORY_LIMIT_TOO_SMALL' }));
    expect(engine.alive).toBe(true);
    using batch = numbers(engine, 10);
    expect(batch.numRows).toBe(10);
  });

  it('never takes more memory than its limit; out of memory says so, names the limit and ends it', async () => {
    const engine = await newEngine({ memoryLimitBytes: 16 * MIB });
    const held = numbers(engine, 10);
    expect(exhaust(engine)).toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      message: expect.stringContaining(String(16 * MIB)),
      place: { option: 'memoryLimitBytes' },
    });
    expect(engine.refusedBytes).toBeGreaterThan(0);
    expect(engine.memoryBytes).toBeLessThanOrEqual(16 * MIB);
    expect(engine.alive).toBe(false);
    expect(() => engine.ipcReader()).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }));
    expect(() => held.toIpc()).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }));
    held.free();
  });

  it('says so where a piece is too large to be looked at, whatever it is', async () => {
    const text = (make: (row: number) => string, rows: number) =>
      new TextEncoder().encode(Array.from({ length: rows }, (_, row) => make(row)).join(''));
    const csv = text((row) => `${row},x${row}\n`, 100_000);
    const header = text((column) => `column_${column},`, 50_000);
    const keys = text((row) => `{"key_${row}":{"a":[{"b":${row}}]}}\n`, 10_000);
    for (const mebibytes of [6, 8, 10]) {
      for (const look of [
        (engine: Engine) => engine.inferCsv(csv),
        (engine: Engine) => engine.inferCsv(header),
        (engine: Engine) => engine.inferJson(keys),
        (engine: Engine) => engine.fromIpc(ipcOf(400_000)),
      ]) {
        const engine = await newEngine({ memoryLimitBytes: mebibytes * MIB });
        const before = engine.liveBytes;
        try {
          const found = look(engine);
          if (Array.isArray(found)) for (const batch of found) batch.free();
        } catch (error) {
          expect(error).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
        }
        if (engine.alive) expect(engine.liveBytes - before).toBeLessThan(1024);
      }
    }
  });

  it('names the line of a row that its memory has no room for, however little of it is left', async () => {
    const head = utf8('{"s":"a"}\n\n{"s":"');
    const ones = utf8('{"s":[]}\n\n{"s":[1');
    const [xs, more] = [utf8('x'.repeat(64 * 1024)), utf8(',1'.repeat(32 * 1024))];
    const text = { kind: 'utf8', layout: 'offset32' } as const;
    const long = { kind: 'int', bitWidth: 64, signed: true } as const;
    const list = {
      kind: 'list',
      layout: 'offset32',
      element: { name: 'element', nullable: true, type: long },
    } as const;
    const limits = { batchRows: 1000, batchBytes: MIB, onBadRow: 'fail' } as const;
    const json = (engine: Engine, type: typeof text | typeof list) =>
      engine.jsonReader({
        schema: { fields: [{ name: 's', nullable: true, type }] },
        unknownFields: 'fail',
        ...limits,
      });
    for (const [kind, pieces] of [
      ['text', 120],
      ['list', 20],
      ['list', 100],
      ['csv', 120],
    ] as const) {
      const engine = await newEngine({ memoryLimitBytes: 10 * MIB });
      const schema = { fields: [{ name: 's', nullable: true, type: text }] };
      const dialect = { delimiter: ',', quote: '"', escape: null, comment: null, header: false, nullValues: [] };
      const reader =
        kind === 'csv' ? engine.csvReader({ schema, dialect, ...limits }) : json(engine, kind === 'text' ? text : list);
      const read = () => {
        reader.push(kind === 'text' ? head : kind === 'list' ? ones : utf8('"a"\n""\n"'));
        for (let i = 0; i < pieces; i += 1) for (const batch of reader.push(kind === 'list' ? more : xs)) batch.free();
        for (const batch of reader.push(utf8(kind === 'list' ? ']}\n' : kind === 'text' ? '"}\n' : '"\n')))
          batch.free();
      };
      expect(read, `${kind} of ${pieces}`).toThrow(
        expect.objectContaining({
          code: 'MEMORY_LIMIT_TOO_SMALL',
          message: expect.stringContaining('line 3'),
          place: expect.objectContaining({ line: 3 }),
        }),
      );
    }
  });

  it('says so where gzip begins without enough memory, and goes on', async () => {
    const engine = await newEngine({ memoryLimitBytes: LEAST });
    const held: Decompressor[] = [];
    const open = () => {
      for (;;) held.push(engine.decompressor('gzip'));
    };
    expect(open).toThrow(expect.objectContaining({ code: 'MEMORY_LIMIT_TOO_SMALL' }));
    expect(engine.alive).toBe(true);
    for (const decompressor of held) decompressor.free();
    engine.decompressor('gzip').free();
  });

  it('frees the batches of a call for whose list of them there is no memory', async () => {
    type Call = (batches: readonly Batch[]) => unknown;
    const calls: Record<string, (engine: Engine) => Call> = {
      concat: (engine) => (batches) => engine.concat(batches),
      partition: (engine) => (batches) => engine.partition(batches, []),
      cluster: (engine) => (batches) => engine.cluster(batches, [], { pieceBytes: MIB }),
      parts: () => (batches) => batchesToParts(batches, { most: 1, leastBytes: 1, allocate: (n) => new Uint8Array(n) }),
      'a row group': (engine) => {
        const encoder = engine.encoder({ ...encoding, codec: 'uncompressed', schema: { fields: [numberField] } });
        return (batches) => rowGroupBytes(encoder, batches).finally(() => encoder.free());
      },
    };
    for (const [name, callOf] of Object.entries(calls)) {
      const engine = await newEngine({ memoryLimitBytes: 32 * MIB });
      const before = engine.liveBytes;
      const call = callOf(engine);
      const batch = numbers(engine, 30_000);
      expect(batch.schema.fields).toHaveLength(1);
      const slices = Array.from({ length: batch.numRows }, (_, row) => batch.slice(row, 1));
      const rest: Decompressor[] = [];
      const open = () => {
        for (;;) rest.push(engine.decompressor('gzip'));
      };
      expect(open).toThrow(expect.objectContaining({ code: 'MEMORY_LIMIT_TOO_SMALL' }));
      await expect((async () => call(slices))(), name).rejects.toMatchObject({
        code: 'MEMORY_LIMIT_TOO_SMALL',
        message: expect.stringMatching(/^120000 bytes/),
      });
      for (const one of [batch, ...rest]) one.free();
      expect(engine.liveBytes - before, name).toBeLessThan(1024);
    }
  });

  it('says so when compression needs more memory than there is, and goes on', async () => {
    const engine = await newEngine({ memoryLimitBytes: 12 * MIB });
    const encoded = async (level: number) => {
      const batch = numbers(engine, 131_072);
      using encoder = engine.encoder({ ...encoding, schema: batch.schema, pageRowLimit: 1_000_000, level });
      return await rowGroupBytes(encoder, [batch]);
    };
    await expect(encoded(22)).rejects.toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      message: expect.stringContaining('level'),
    });
    expect(engine.alive).toBe(true);
    expect((await encoded(1)).length).toBeGreaterThan(0);
  });

  it('takes no more memory for many batches than for a few', async () => {
    const engine = await newEngine({ memoryLimitBytes: 64 * MIB });
    const messages = [131_000, 131_072, 130_000].map((rows) => ipcOf(rows));
    using reader = engine.ipcReader();
    const [schema, ...bodies] = messages.map(splitSchema);
    if (schema === undefined) throw new Error('no message');
    reader.push(schema.head);
    let held: Batch[] = [];
    using encoder = engine.encoder({ schema: reader.schema ?? { fields: [] }, ...encoding });
    for (let i = 0; i < 120; i += 1) {
      held.push(...reader.push((bodies[i % 2] ?? schema).body));
      if (held.length < 5) continue;
      await rowGroupBytes(encoder, held);
      held = [];
    }
    // Five batches of a megabyte, what is encoded of them, and the engine itself.
    expect(engine.memoryBytes).toBeLessThan(18 * MIB);
  });

  it('is shared, and replaced after it stopped', async () => {
    const first = await getEngine();
    expect(await getEngine()).toBe(first);
    expect(await getEngine({ memoryLimitBytes: 8 * MIB })).toBe(first);
    const larger = await getEngine({ memoryLimitBytes: first.maxMemoryBytes + MIB });
    expect(larger).not.toBe(first);
    expect(larger.maxMemoryBytes).toBe(first.maxMemoryBytes + MIB);
    expect(await getEngine()).toBe(larger);
    expect(first.alive).toBe(true);
    expect(exhaust(larger)).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
    const next = await getEngine();
    expect(next).not.toBe(larger);
    expect(next.alive).toBe(true);
  });

  it('keeps the batches of two engines apart', async () => {
    const [one, two] = [await newEngine(), await newEngine()];
    const batch = numbers(one, 10);
    expect(() => two.concat([batch])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    batch.free();
  });
});
