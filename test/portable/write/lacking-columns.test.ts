/** Batches of many rows that are small because they lack columns of the table, or have nothing but nulls in them. */
import { makeData, makeVector, Null, Table, tableToIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { unionSources } from '../../../src/source/many.ts';
import type { NestedField, Type } from '../../../src/spec/types.ts';
import { engineShareBytes } from '../../../src/write/memory-plan.ts';
import { lake } from './lake.ts';
import { MiB } from './rows.ts';

const ROWS = 2_000_000;
const names = Array.from({ length: 24 }, (_, i) => `c${i}`);

function columns(type: Type, more: Partial<NestedField> = {}): NestedField[] {
  return names.map((name, i) => ({ id: i + 2, name, required: false, type, ...more }));
}

function narrowFile(): Blob {
  const table = new Table({
    n: makeVector(new Int8Array(ROWS).fill(7)),
    c0: makeVector(makeData({ type: new Null(), length: ROWS })),
  });
  return new Blob([tableToIPC(table, 'stream') as Uint8Array<ArrayBuffer>]);
}

const memoryLimitBytes = 64 * MiB;

async function append(fields: readonly NestedField[], source: Parameters<typeof fromAny>[0]) {
  const here = await lake();
  const schema = {
    type: 'struct' as const,
    fields: [{ id: 1, name: 'n', required: false, type: 'int' as const }, ...fields],
  };
  const table = await here.catalog.createTable('sales.wide', schema, { properties: { 'format-version': '3' } });
  const engine = await newEngine({ memoryLimitBytes: engineShareBytes(memoryLimitBytes) });
  return table.append(source, { engine, memoryLimitBytes });
}

test('columns that a large batch lacks, or that are null in all of it, take only the memory that there is', async () => {
  expect(await append(columns('decimal(38, 0)'), narrowFile())).toMatchObject({ rows: BigInt(ROWS) });
});

test('so do columns that only other files have which are read as one with it', async () => {
  const csv = fromAny(new Blob([`n,${names.join()}\n1,${names.map(() => '1').join()}\n`]), { name: 'a.csv' });
  const source = unionSources([csv, fromAny(narrowFile(), { name: 'b.arrow' })], { unionByName: true });
  expect(await append(columns('long'), source)).toMatchObject({ rows: BigInt(ROWS + 1) });
});

test('a default that fills a column of a large batch is repeated in parts that memory holds', async () => {
  const text = 'x'.repeat(500);
  const fields = columns('string', { 'initial-default': text, 'write-default': text } as Partial<NestedField>);
  expect(await append(fields.slice(0, 3), narrowFile())).toMatchObject({ rows: BigInt(ROWS) });
}, 60_000);
