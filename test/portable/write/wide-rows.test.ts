/** Many columns of which little is left once they are compressed, within a small limit. */
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { IcestreamError } from '../../../src/errors.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { engineShareBytes } from '../../../src/write/memory-plan.ts';
import { lake } from './lake.ts';
import { MiB } from './rows.ts';

const rows = 24_000;
const names = Array.from({ length: 60 }, (_, i) => `c${i}`);
const schema: Schema = {
  type: 'struct',
  fields: names.map((name, i) => ({ id: i + 1, name, required: false, type: 'long' })),
};

/** The same number everywhere. */
function csv(): Blob {
  const line = names.map((_, i) => i % 10).join(',');
  return new Blob([`${names.join(',')}\n`, `${line}\n`.repeat(rows)]);
}

/** The rows as one Parquet file of this library. */
async function parquet(): Promise<Blob> {
  const here = await lake();
  await here.catalog.createAndAppend('sales.source', fromAny(csv(), { name: 'rows.csv' }), { schema });
  const [location = ''] = (await here.objects()).filter((name) => name.endsWith('.parquet'));
  return new Blob([await here.store.read(location)]);
}

test.each(['csv', 'parquet'])('60 columns of %s are appended within 32 MiB, or refused before a byte', async (kind) => {
  const file = kind === 'csv' ? csv() : await parquet();
  const here = await lake();
  const table = await here.catalog.createTable('sales.wide', schema);
  const before = await here.objects();
  const appendWith = async (memoryLimitBytes: number) => {
    const engine = await newEngine({ memoryLimitBytes: engineShareBytes(memoryLimitBytes) });
    return table.append(fromAny(file, { name: `rows.${kind}` }), { engine, memoryLimitBytes });
  };
  const refused = await appendWith(20 * MiB).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', leftBehind: [] });
  expect(await here.objects()).toEqual(before);
  const enough = Number(/at least (\d+)/.exec((refused as IcestreamError).message)?.[1]);
  expect(enough).toBeLessThanOrEqual(32 * MiB);
  for (const limit of [enough, 32 * MiB]) expect(await appendWith(limit)).toMatchObject({ rows: BigInt(rows) });
});

/** 100,000 rows of a few bytes, then 60 of a mebibyte. */
function* narrowThenWide(row: (id: number, text: string) => string): Generator<string> {
  for (let at = 0; at < 100_000; at += 1000) {
    yield Array.from({ length: 1000 }, (_, i) => row(at + i, 'x')).join('');
  }
  for (let i = 0; i < 60; i++) yield row(100_000 + i, String.fromCharCode(97 + (i % 26)).repeat(MiB));
}

test.each([
  ['csv', ['id,text\n', ...narrowThenWide((id, text) => `${id},${text}\n`)]],
  ['jsonl', narrowThenWide((id, text) => `{"id":${id},"text":"${text}"}\n`)],
] as const)('large rows of %s that follow many small ones fit in 64 MiB', async (kind, pieces) => {
  const here = await lake();
  const source = fromAny(new Blob([...pieces]), { name: `rows.${kind}` });
  const engine = await newEngine({ memoryLimitBytes: engineShareBytes(64 * MiB) });
  const write = { engine, memoryLimitBytes: 64 * MiB };
  const { result } = await here.catalog.createAndAppend('sales.text', source, {}, write);
  expect(result.rows).toBe(100_060n);
});
