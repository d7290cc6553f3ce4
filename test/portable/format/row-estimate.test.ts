import { expect, test } from 'vitest';
import type { ArrowType } from '../../../src/engine/arrow-schema.ts';
import { estimateRowBytes } from '../../../src/format/row-estimate.ts';

const long: ArrowType = { kind: 'int', bitWidth: 64, signed: true };

function listsOf(depth: number): ArrowType {
  if (depth === 0) return long;
  return { kind: 'list', layout: 'offset32', element: { name: 'element', nullable: true, type: listsOf(depth - 1) } };
}

const rowOf = (type: ArrowType) => estimateRowBytes({ fields: [{ name: 'x', nullable: true, type }] });

test('a list is taken for one of four elements', () => {
  expect([rowOf(long), rowOf(listsOf(1)), rowOf(listsOf(2))]).toEqual([8, 36, 148]);
});

test('lists in lists in lists are not taken for many times more', () => {
  expect(rowOf(listsOf(64))).toBeLessThan(8 * 1024);
});
