import { tableFromArrays } from 'apache-arrow';
import { beforeAll, describe, expect, test } from 'vitest';
import { getEngine } from '../../../src/engine/default-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { MemoryLease } from '../../../src/util/memory-budget.ts';
import * as fixtures from '../../fixtures/arrow-ipc.ts';
import { expectNothingHeld, ipc, openOptions, parquetOf, readAll } from './helpers.ts';

let engine: Engine;
let stream: Bytes;
let file: Bytes;
let parquet: Bytes;
const expected = Array.from({ length: 2500 }, (_, i) => ({ id: i, name: `n${i % 7}` }));

beforeAll(async () => {
  engine = await getEngine();
  const table = tableFromArrays({
    id: Int32Array.from(expected, (row) => row.id),
    name: expected.map((row) => row.name),
  });
  stream = ipc(table);
  file = ipc(table, 'file');
  parquet = await parquetOf(
    engine,
    engine.fromIpc(
      ipc(tableFromArrays({ id: Int32Array.from(expected, (r) => r.id), name: expected.map((r) => r.name) })),
    ),
  );
});

async function* pieces(bytes: Bytes, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

const inputs = (bytes: Bytes): Array<[string, () => Parameters<typeof fromAny>[0]]> => [
  ['bytes', () => bytes],
  ['an ArrayBuffer', () => bytes.slice().buffer],
  ['a Blob', () => new Blob([bytes])],
  ['a stream', () => new Blob([bytes]).stream()],
  ['an async iterable in small pieces', () => pieces(bytes, 777)],
];

describe('the same rows come from', () => {
  for (const [format, bytes] of [
    ['an Arrow stream', () => stream],
    ['an Arrow file', () => file],
    ['a Parquet file', () => parquet],
  ] as const) {
    for (const i of [0, 1, 2, 3, 4]) {
      test(`${format} as ${inputs(new Uint8Array(0))[i]?.[0]}`, async () => {
        const input = inputs(bytes())[i]?.[1]();
        if (input === undefined) throw new Error('no input');
        if (format === 'an Arrow file' && i >= 3) {
          // As apache-arrow writes it, with the schema in the footer only.
          await expect(readAll(fromAny(input))).rejects.toMatchObject({ message: expect.stringMatching(/Blob/) });
          return;
        }
        let read = 0;
        const result = await readAll(fromAny(input), { onBytesRead: (count) => (read += count) });
        expect(result.rows).toEqual(expected);
        expect(read).toBeGreaterThan(0);
        expect(result.totalRows).toBe(format === 'a Parquet file' ? expected.length : null);
      });
    }
  }
});

test.each([
  ['plain', fixtures.plainFile],
  ['lz4', fixtures.lz4File],
])('an Arrow file of pyarrow (%s) is read as a stream', async (_, base64) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const result = await readAll(fromAny(new Blob([bytes]).stream()));
  expect(result.rows.map((row) => Number(row['id']))).toEqual(Array.from({ length: 300 }, (_, i) => i));
});

test('Parquet: chosen columns only, in batches of the size asked for', async () => {
  const result = await readAll(fromAny(new Blob([parquet]), { columns: ['name'], batchRows: 600 }));
  expect(result.columns).toEqual(['name']);
  expect(result.rows.length).toBe(2500);
  expect(Math.max(...result.sizes)).toBeLessThanOrEqual(600);
  await expect(readAll(fromAny(parquet, { columns: ['nam'] }))).rejects.toMatchObject({
    code: 'SCHEMA_MISMATCH',
    message: expect.stringMatching(/no column nam .*there are id, name/),
  });
});

test('a name that says otherwise does not mislead', async () => {
  for (const bytes of [parquet, stream, file]) {
    expect((await readAll(fromAny(new File([bytes], 'x.csv')))).rows.length).toBe(2500);
    expect((await readAll(fromAny(new File([bytes], 'x.json')))).rows.length).toBe(2500);
  }
  expect((await readAll(fromAny(new File(['a\n1\n'], 'x.parquet'), { format: 'csv' }))).rows).toEqual([{ a: 1n }]);
  await expect(readAll(fromAny(new File(['a,b\n1,2\n'], 'x.parquet')))).rejects.toMatchObject({
    code: 'SOURCE_CORRUPT',
    place: { file: 'x.parquet' },
  });
});

test('Arrow: chosen columns only', async () => {
  for (const bytes of [stream, file]) {
    const result = await readAll(fromAny(bytes, { columns: ['name'] }));
    expect(result.rows[8]).toEqual({ name: 'n1' });
  }
});

test('a stream of Parquet too large to hold is refused, saying what to do', async () => {
  const options = await openOptions({ lease: new MemoryLease(parquet.length * 2) });
  const before = engine.liveBytes;
  await expect(fromAny(new Blob([parquet]).stream(), { name: 'big.parquet' }).open(options)).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
    message: expect.stringMatching(/^big\.parquet: .*footer at the end.*Blob.*memoryLimitBytes/),
  });
  expectNothingHeld(options, before);
});

describe('cut off and corrupt files are named', () => {
  test.each([0.3, 0.6, 0.95])('an Arrow stream that ends at %d of its length', async (share) => {
    const cut = stream.slice(0, Math.floor(stream.length * share));
    await expect(readAll(fromAny(cut, { name: 'x.arrows' }))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      place: { file: 'x.arrows' },
      message: expect.stringMatching(/^x\.arrows: /),
    });
  });

  test('an Arrow stream that ends in its schema', async () => {
    await expect(readAll(fromAny(stream.slice(0, 40), { name: 'x' }))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
    });
  });

  test('Parquet without its footer, and with a broken page', async () => {
    await expect(readAll(fromAny(parquet.slice(0, -20), { name: 'x.parquet' }))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      place: { file: 'x.parquet' },
    });
    const broken = parquet.slice();
    broken.fill(0xee, 10, 200);
    await expect(readAll(fromAny(broken, { name: 'x.parquet' }))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      place: { file: 'x.parquet' },
    });
  });
});

test('names that cannot be told apart are refused at open', async () => {
  const { Field, Int32, RecordBatch, Schema, Struct, Table, makeData } = await import('apache-arrow');
  const type = new Int32();
  const child = makeData({ type, length: 1, data: Int32Array.of(1) });
  const fields = [new Field('a', type), new Field('a', type), new Field('', type)];
  const data = makeData({ type: new Struct(fields), length: 1, children: [child, child, child] });
  const twice = ipc(new Table([new RecordBatch(new Schema(fields), data)]));
  await expect(readAll(fromAny(twice, { name: 't.arrow' }))).rejects.toMatchObject({
    code: 'SCHEMA_MISMATCH',
    message: expect.stringMatching(/a: occurs twice .*\n.*"#3": has an empty name/),
  });
});

test('a source that is left in the middle gives everything back and ends its stream', async () => {
  const options = await openOptions();
  const before = engine.liveBytes;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    start: (c) => c.enqueue(stream.slice(0, stream.length - 8)),
    cancel: () => {
      cancelled = true;
    },
  });
  const open = await fromAny(endless).open(options);
  for await (const batch of open.batches()) {
    batch.free();
    break;
  }
  expect(cancelled).toBe(true);
  expectNothingHeld(options, before);
  expect(() => open.batches()).toThrow(/read already/);
});

test('a source that was opened and never read gives everything back', async () => {
  const options = await openOptions();
  const before = engine.liveBytes;
  for (const input of [stream, file, parquet, new Blob([parquet]), new Blob([stream]).stream()]) {
    const open = await fromAny(input).open(options);
    await open[Symbol.asyncDispose]();
    await open[Symbol.asyncDispose]();
  }
  expectNothingHeld(options, before);
});

test('a stream that hangs ends when the signal fires', async () => {
  const controller = new AbortController();
  let cancelled = false;
  let pulls = 0;
  const hanging = new ReadableStream<Uint8Array>(
    {
      pull: (c) => {
        if (pulls++ === 0) c.enqueue(stream.slice(0, 1000));
        else controller.abort(new Error('enough'));
      },
      cancel: () => {
        cancelled = true;
      },
    },
    // It is asked for what somebody waits for.
    { highWaterMark: 0 },
  );
  const reading = readAll(fromAny(hanging), { signal: controller.signal });
  await expect(reading).rejects.toThrow('enough');
  expect(cancelled).toBe(true);
});

test('a stream that breaks is SOURCE_UNREADABLE, with its name and how far it came', async () => {
  const broken = async function* () {
    yield stream.slice(0, 1000);
    throw new TypeError('terminated');
  };
  await expect(readAll(fromAny(broken(), { name: 'upload' }))).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
    message: 'upload: reading failed after 1000 bytes: terminated',
  });
});

describe('an Arrow stream without its end marker', () => {
  const cut = () => stream.slice(0, -8);

  test('is refused: rows after it may be missing', async () => {
    await expect(readAll(fromAny(cut()))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      message: expect.stringMatching(/end-of-stream marker.*requireEndOfStream: false/),
    });
  });

  test('is read where the caller says so', async () => {
    const { rows } = await readAll(fromAny(cut(), { requireEndOfStream: false }));
    expect(rows).toHaveLength(expected.length);
  });
});
