import { beforeAll, expect, test } from 'vitest';
import type { ArrowType, TimeUnit } from '../../../src/engine/arrow-schema.ts';
import { getEngine } from '../../../src/engine/default-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { arrowSchemaFromIceberg } from '../../../src/format/arrow-from-iceberg.ts';
import { castProblem } from '../../../src/format/casts.ts';
import { icebergSchemaFromArrow } from '../../../src/format/iceberg-from-arrow.ts';
import type { PrimitiveType } from '../../../src/spec/types.ts';
import { decimal, utf8 } from './arrow-fields.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await getEngine();
});

const units: TimeUnit[] = ['s', 'ms', 'us', 'ns'];
const layouts = ['offset32', 'offset64', 'view'] as const;
const sources: ArrowType[] = [
  { kind: 'null' },
  { kind: 'bool' },
  ...([8, 16, 32, 64] as const).flatMap((bitWidth): ArrowType[] => [
    { kind: 'int', bitWidth, signed: true },
    { kind: 'int', bitWidth, signed: false },
  ]),
  ...([16, 32, 64] as const).map((bitWidth): ArrowType => ({ kind: 'float', bitWidth })),
  decimal(32, 9, 2),
  decimal(128, 9, 2),
  decimal(256, 38, 0),
  { kind: 'date', unit: 'day' },
  { kind: 'date', unit: 'ms' },
  ...units.map((unit): ArrowType => ({ kind: 'time', unit })),
  ...units.flatMap((unit): ArrowType[] => [
    { kind: 'timestamp', unit, timezone: null },
    { kind: 'timestamp', unit, timezone: 'Europe/Zurich' },
  ]),
  { kind: 'duration', unit: 'ms' },
  ...layouts.flatMap((layout): ArrowType[] => [
    { kind: 'utf8', layout },
    { kind: 'binary', layout },
  ]),
  { kind: 'fixed_size_binary', byteWidth: 16 },
  { kind: 'fixed_size_binary', byteWidth: 5 },
  { kind: 'dictionary', value: utf8 },
];

const targets: PrimitiveType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'decimal(9, 2)',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'binary',
  'fixed[16]',
];

function engineTakes(source: ArrowType, target: PrimitiveType): boolean {
  const schema = { type: 'struct', fields: [{ id: 1, name: 'c', required: false, type: target }] } as const;
  try {
    engine
      .aligner({ fields: [{ name: 'c', nullable: true, type: source }] }, { target: arrowSchemaFromIceberg(schema) })
      .free();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    return false;
  }
}

test('the check by types and the engine agree on every pair', () => {
  const differ = sources.flatMap((source) =>
    targets
      .filter((target) => (castProblem(source, target) === null) !== engineTakes(source, target))
      .map((target) => `${JSON.stringify(source)} → ${target}: the engine ${engineTakes(source, target)}`),
  );
  expect(differ).toEqual([]);
});

test('what a new table makes of a source, the engine reaches', () => {
  for (const source of sources) {
    if (source.kind === 'null' || source.kind === 'duration') continue;
    const from = { fields: [{ name: 'c', nullable: true, type: source }] };
    for (const formatVersion of [2, 3] as const) {
      const target = arrowSchemaFromIceberg(icebergSchemaFromArrow(from, { formatVersion }));
      engine.aligner(from, { target }).free();
    }
  }
});
