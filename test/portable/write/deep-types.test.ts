/** Types in types: what is written can be read again, and what could not be is refused before anything is written. */
import { describe, expect, test } from 'vitest';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Type } from '../../../src/spec/types.ts';
import { lake } from './lake.ts';
import { MiB, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };
const MOST = 32;

const wraps: Readonly<Record<string, (value: unknown, level: number) => unknown>> = {
  structs: (value) => ({ a: value }),
  lists: (value) => [value],
  'structs of lists': (value, level) => (level % 2 === 0 ? { a: value } : [value]),
};

/** A value inside of so many others. */
function nested(wrap: (value: unknown, level: number) => unknown, levels: number): unknown {
  let value: unknown = 1n;
  for (let level = 0; level < levels; level++) value = wrap(value, level);
  return value;
}

describe.each(Object.entries(wraps))('%s', (_, wrap) => {
  test(`are written and read ${MOST} levels deep`, async () => {
    const { catalog } = await lake();
    const rows = [{ id: 1n, deep: nested(wrap, MOST) }];
    const { table } = await catalog.createAndAppend('sales.deep', fromAny(rows), {}, options);
    const read: unknown[] = [];
    for await (const row of table.scan({ engine }).rows()) read.push(row);
    expect(read).toEqual(rows);
  });

  test.each([MOST + 1, 60, 64, 200])('are refused %i levels deep, and nothing is made', async (levels) => {
    const here = await lake();
    const before = await here.objects();
    const rows = [{ id: 1n, deep: nested(wrap, levels) }];
    await expect(here.catalog.createAndAppend('sales.deep', fromAny(rows), {}, options)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: expect.stringContaining(`nested more than ${MOST} levels deep`),
    });
    expect(await here.objects()).toEqual(before);
  });
});

test('a table that has deeper ones is not written to', async () => {
  const { catalog } = await lake();
  let type: Type = 'long';
  for (let level = 0; level <= MOST; level++) type = { type: 'struct', fields: [field(level + 10, 'a', type)] };
  const schema = { type: 'struct' as const, fields: [field(1, 'id', 'long'), field(2, 'deep', type)] };
  const table = await catalog.createTable('sales.deep', schema);
  await expect(table.append(fromAny([{ id: 1n }]), options)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining(`column deep: its type is nested more than ${MOST} levels deep`),
    place: { column: 'deep' },
  });
  expect(table.currentSnapshot).toBeNull();
});

function field(id: number, name: string, type: Type) {
  return { id, name, required: false, type };
}
