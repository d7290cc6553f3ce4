import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { ArrowSchema } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, CsvReaderOptions, Engine, RejectedRow } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);

type ReadOptions = Omit<CsvReaderOptions, 'batchBytes'> & Partial<CsvReaderOptions>;

function read(
  options: ReadOptions,
  bytes: Bytes,
  step: number,
): { rows: unknown[][]; sizes: number[]; rejects: RejectedRow[] } {
  using reader = engine.csvReader({ batchBytes: 2 ** 21, ...options });
  const rows: unknown[][] = [];
  const sizes: number[] = [];
  const take = (batches: readonly Batch[]) => {
    for (const batch of batches) {
      using held = batch;
      sizes.push(held.numRows);
      for (const row of tableFromIPC(held.toIpc()).toArray()) rows.push(options.schema.fields.map((f) => row[f.name]));
    }
  };
  for (let at = 0; at < bytes.length; at += step) take(reader.push(bytes.slice(at, at + step)));
  take(reader.finish());
  return { rows, sizes, rejects: reader.takeRejects() };
}

function inferred(text: string, rest: Partial<CsvReaderOptions> = {}): ReadOptions {
  return { ...engine.inferCsv(bytesOf(text)), batchRows: 1000, onBadRow: 'fail', ...rest };
}

const text = `id;name;at;ok;x\r\n1;"a;b";2024-01-01T00:00:00Z;true;0,5\r\n2;;2024-06-01 12:30:00.25+02:00;false;1\r\n`;

it('infers dialect, header and types, and reads with them', () => {
  const before = engine.liveBytes;
  const options = inferred(text);
  expect(options.dialect).toEqual({
    delimiter: ';',
    quote: '"',
    escape: null,
    comment: null,
    header: true,
    nullValues: [''],
  });
  expect(options.schema.fields.map((field) => [field.name, field.type.kind])).toEqual([
    ['id', 'int'],
    ['name', 'utf8'],
    ['at', 'timestamp'],
    ['ok', 'bool'],
    ['x', 'utf8'],
  ]);
  for (const step of [1, 5, 1000]) {
    const { rows } = read(options, bytesOf(text), step);
    expect(rows).toEqual([
      [1n, 'a;b', Date.UTC(2024, 0, 1), true, '0,5'],
      [2n, null, Date.UTC(2024, 5, 1, 10, 30, 0, 250), false, '1'],
    ]);
  }
  expect(engine.liveBytes).toBe(before);
});

it('takes what is given over what it would infer', () => {
  const { dialect, schema } = engine.inferCsv(bytesOf('a,b\n1,2\n'), { header: false, delimiter: '\t', quote: null });
  expect([dialect.header, dialect.delimiter, dialect.quote]).toEqual([false, '\t', null]);
  expect(schema.fields.map((field) => field.name)).toEqual(['column_1']);
  expect(() => engine.inferCsv(bytesOf('a'), { delimiter: 'ä' })).toThrow(/delimiter/);
});

const twoColumns: ArrowSchema = {
  fields: [
    { name: 'id', nullable: false, type: { kind: 'int', bitWidth: 64, signed: true } },
    { name: 'name', nullable: true, type: { kind: 'utf8', layout: 'offset32' } },
  ],
};
const dialect = { delimiter: ',', quote: '"', escape: null, comment: null, header: true, nullValues: [''] };

it('sets bad rows aside with line, row, column, reason and text', () => {
  const options: ReadOptions = { dialect, schema: twoColumns, batchRows: 10, onBadRow: 'reject' };
  const bytes = bytesOf('id,name\n1,a\nx,"two\nlines"\n3\n9223372036854775808,d\n5,e\n');
  const { rows, rejects } = read(options, bytes, 3);
  expect(rows).toEqual([
    [1n, 'a'],
    [5n, 'e'],
  ]);
  expect(rejects).toEqual([
    { line: 3, row: 1, column: 'id', reason: expect.stringMatching(/not a 64-bit integer/), text: 'x,"two\nlines"' },
    { line: 5, row: 2, column: null, reason: expect.stringMatching(/too few fields: 1 instead of 2/), text: '3' },
    { line: 6, row: 3, column: 'id', reason: expect.stringMatching(/does not fit/), text: '9223372036854775808,d' },
  ]);
});

it('throws the first bad row with its place', () => {
  const options: ReadOptions = { dialect, schema: twoColumns, batchRows: 1, onBadRow: 'fail' };
  const before = engine.liveBytes;
  expect(() => read(options, bytesOf('id,name\n1,a\n,b\n'), 1000)).toThrow(
    expect.objectContaining({ code: 'INVALID_VALUE', place: { line: 3, row: 1, column: 'id' } }),
  );
  expect(engine.liveBytes).toBe(before);
});

it('reads UTF-16 and any cut of it as UTF-8', () => {
  const options = inferred(text);
  const units = Array.from(text, (c) => c.charCodeAt(0));
  const little = Uint8Array.from([0xff, 0xfe, ...units.flatMap((unit) => [unit & 255, unit >> 8])]);
  expect(engine.inferCsv(little).dialect.delimiter).toBe(';');
  expect(read(options, little, 3)).toEqual(read(options, bytesOf(text), 1000));
});

it('gives the same batches however the bytes are cut', () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('', '"', '\n', '\r\n', 'a,b', 'ä𝄞'));
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.maxSafeInteger(), cell), { minLength: 1 }),
      fc.integer({ min: 1, max: 50 }),
      (table, step) => {
        const body = table.map(([id, name]) => `${id},${quoted(name)}\n`).join('');
        const options: ReadOptions = { dialect, schema: twoColumns, batchRows: 3, onBadRow: 'fail' };
        const { rows, sizes } = read(options, bytesOf(`id,name\n${body}`), step);
        expect(rows).toEqual(table.map(([id, name]) => [BigInt(id), name]));
        expect(sizes.slice(0, -1).every((size) => size === 3)).toBe(true);
      },
    ),
    { numRuns: 30 },
  );
});
