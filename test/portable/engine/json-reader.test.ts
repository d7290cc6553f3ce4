import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { ArrowSchema } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine, JsonReaderOptions, RejectedRow } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);
const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);

type ReadOptions = Omit<JsonReaderOptions, 'batchBytes' | 'unknownFields'> & Partial<JsonReaderOptions>;

function read(options: ReadOptions, bytes: Bytes, step: number): { rows: unknown[]; rejects: RejectedRow[] } {
  using reader = engine.jsonReader({ batchBytes: 2 ** 21, unknownFields: 'fail', ...options });
  const rows: unknown[] = [];
  const take = (batches: readonly Batch[]) => {
    for (const batch of batches) {
      using held = batch;
      for (const row of tableFromIPC(held.toIpc()).toArray()) rows.push(JSON.parse(JSON.stringify(row, plain)));
    }
  };
  for (let at = 0; at < bytes.length; at += step) take(reader.push(bytes.slice(at, at + step)));
  take(reader.finish());
  return { rows, rejects: reader.takeRejects() };
}

const lines = [
  '{"id":9007199254740993,"name":"ä","tags":["x","y"],"who":{"age":7,"at":"2024-01-01"}}',
  '{"who":{"at":null,"age":8.5},"id":2,"tags":[],"more":null}',
];

it('reads lines and arrays into the schema of their rows', () => {
  const before = engine.liveBytes;
  for (const text of [lines.join('\n'), `[${lines.join(' , ')}]`]) {
    const { schema } = engine.inferJson(bytesOf(text));
    expect(schema.fields.map((field) => [field.name, field.type.kind])).toEqual([
      ['id', 'int'],
      ['name', 'utf8'],
      ['tags', 'list'],
      ['who', 'struct'],
      ['more', 'utf8'],
    ]);
    for (const step of [1, 13, 1000]) {
      const { rows } = read({ schema, batchRows: 1, onBadRow: 'fail' }, bytesOf(text), step);
      expect(rows).toEqual([
        { id: '9007199254740993n', name: 'ä', tags: ['x', 'y'], who: { age: 7, at: Date.UTC(2024, 0, 1) }, more: null },
        { id: '2n', name: null, tags: [], who: { age: 8.5, at: null }, more: null },
      ]);
    }
  }
  expect(engine.liveBytes).toBe(before);
});

const longs: ArrowSchema = {
  fields: [{ name: 'a', nullable: true, type: { kind: 'int', bitWidth: 64, signed: true } }],
};

it('sets bad rows aside, one by one', () => {
  const text = '{"a":1}\n{"a":1.5}\nnot json\n{"a":"\\ud800"}\n{"a":2}\n';
  const { rows, rejects } = read({ schema: longs, batchRows: 10, onBadRow: 'reject' }, bytesOf(text), 4);
  expect(rows).toEqual([{ a: '1n' }, { a: '2n' }]);
  expect(rejects.map(({ line, row, column, text }) => [line, row, column, text])).toEqual([
    [2, 1, 'a', '{"a":1.5}'],
    [3, 2, null, 'not json'],
    [4, 3, 'a', '{"a":"\\ud800"}'],
  ]);
});

it('loses no field that the schema does not have without a word', () => {
  const text = '{"a":1}\n{"z":{"b":[1]},"a":2}\n{"a":3}\n';
  expect(() => read({ schema: longs, batchRows: 10, onBadRow: 'fail' }, bytesOf(text), 5)).toThrow(
    expect.objectContaining({
      code: 'INVALID_VALUE',
      place: { line: 2, row: 1, column: 'z' },
      message: expect.stringMatching(/^line 2, column z: .*schema .*sampleBytes.*columns$/),
    }),
  );
  const rejecting = read({ schema: longs, batchRows: 10, onBadRow: 'reject' }, bytesOf(text), 5);
  expect(rejecting.rows).toEqual([{ a: '1n' }, { a: '3n' }]);
  expect(rejecting.rejects.map(({ line, row, column }) => [line, row, column])).toEqual([[2, 1, 'z']]);
  const ignoring = read({ schema: longs, batchRows: 10, onBadRow: 'fail', unknownFields: 'ignore' }, bytesOf(text), 5);
  expect(ignoring.rows).toEqual([{ a: '1n' }, { a: '2n' }, { a: '3n' }]);
});

it('refuses unknown fields inside of columns in any case', () => {
  const { schema } = engine.inferJson(bytesOf('{"s":{"x":1},"l":[{"y":1}]}'));
  const rows = ['{"s":{"x":1,"new":2}}', '{"l":[{"y":1},{"y":2,"new":null}]}', '{"s":{"x":3}}', '{"s":null,"l":[]}'];
  const { rejects, rows: good } = read(
    { schema, batchRows: 10, onBadRow: 'reject', unknownFields: 'ignore' },
    bytesOf(rows.join('\n')),
    1000,
  );
  expect(rejects.map(({ line, column }) => [line, column])).toEqual([
    [1, 's.new'],
    [2, 'l.element.new'],
  ]);
  expect(good.length).toBe(2);
});

it('takes an array that is cut off for a corrupt file', () => {
  const before = engine.liveBytes;
  const options: ReadOptions = { schema: longs, batchRows: 10, onBadRow: 'reject' };
  expect(() => read(options, bytesOf('[{"a":1},{"a":2}'), 100)).toThrow(
    expect.objectContaining({ code: 'SOURCE_CORRUPT' }),
  );
  for (const text of ['[', ' [\n', '['.repeat(1000), '['.repeat(100_000), '[{"a":[']) {
    expect(() => engine.inferJson(bytesOf(text))).toThrow(expect.objectContaining({ code: 'SOURCE_CORRUPT' }));
  }
  expect(() => engine.inferJson(bytesOf('  '))).toThrow(expect.objectContaining({ code: 'SOURCE_EMPTY' }));
  expect(engine.liveBytes).toBe(before);
});

it('has no field that a plain object would lose', () => {
  const text = '{"__proto__":1,"constructor":"x"}';
  const { schema } = engine.inferJson(bytesOf(text));
  expect(schema.fields.map((field) => field.name)).toEqual(['__proto__', 'constructor']);
  using reader = engine.jsonReader({ schema, batchRows: 1, batchBytes: 1, onBadRow: 'fail', unknownFields: 'fail' });
  const [batch] = [...reader.push(bytesOf(text)), ...reader.finish()];
  expect(batch?.schema.fields[0]?.name).toBe('__proto__');
  batch?.free();
});

it('reads what JSON.stringify writes, at any cut', () => {
  const name: ArrowSchema = { fields: [{ name: 's', nullable: true, type: { kind: 'utf8', layout: 'offset32' } }] };
  const value = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(fc.array(fc.record({ s: fc.option(value) })), fc.integer({ min: 1, max: 40 }), (rows, step) => {
      const options: ReadOptions = { schema: name, batchRows: 7, onBadRow: 'fail' };
      expect(read(options, bytesOf(JSON.stringify(rows)), step).rows).toEqual(rows);
      const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      expect(read(options, bytesOf(lines), step).rows).toEqual(rows);
    }),
    { numRuns: 30 },
  );
});

it('makes batches as they are asked for, and goes on behind those that were not taken', () => {
  const before = engine.liveBytes;
  {
    using reader = engine.jsonReader({
      schema: longs,
      batchRows: 2,
      batchBytes: 1024,
      onBadRow: 'fail',
      unknownFields: 'fail',
    });
    const text = bytesOf('{}\n'.repeat(9));
    for (const batch of reader.pull(text)) {
      expect(batch.numRows).toBe(2);
      batch.free();
      break;
    }
    expect(() => reader.push(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  }
  expect(engine.liveBytes).toBe(before);
});
