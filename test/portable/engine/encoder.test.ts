import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { EncoderOptions } from '../../../src/engine/encoder.ts';
import { encoderConformance } from '../../conformance/encoder.ts';
import { encoding } from '../../support/row-group.ts';

encoderConformance({ name: 'engine', open: (engine, options) => engine.encoder(options), lacks: new Set() });

test('limits that are no numbers of what they limit are refused by name', async () => {
  const engine = await newEngine();
  const long = { kind: 'int', bitWidth: 64, signed: true } as const;
  const schema = { fields: [{ name: 'n', nullable: true, fieldId: 1, type: long }] };
  const open = (options: Partial<EncoderOptions>) => () => engine.encoder({ ...encoding, schema, ...options }).free();
  const bloom = (filter: object) => ({
    columns: new Map([['n', { bloomFilter: { fpp: 0.01, maxBytes: 1024, ...filter } }]]),
  });
  const { NaN: none, POSITIVE_INFINITY: endless } = Number;
  const limits = ['pageSizeBytes', 'pageRowLimit', 'dictionarySizeBytes', 'statisticsTruncateBytes'] as const;
  const refused: Array<readonly [string, Partial<EncoderOptions>]> = [
    ...limits.flatMap((name) =>
      [0, -1, 0.5, none, endless, 2 ** 32, 1e21].map((value) => [name, { [name]: value }] as const),
    ),
    ...[1.5, none, 1e10, 23].map((level) => ['level', { level }] as const),
    ...[0, -1, 0.5, none].map((ndv) => ['columns.n.bloomFilter.ndv', bloom({ ndv })] as const),
    ...[31, 64.5, none, endless].map((maxBytes) => ['columns.n.bloomFilter.maxBytes', bloom({ maxBytes })] as const),
    ...[0, 1, none].map((fpp) => ['columns.n.bloomFilter.fpp', bloom({ fpp })] as const),
  ];
  for (const [option, options] of refused) {
    expect(open(options), JSON.stringify(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(option) }),
    );
  }
  expect(open({ statisticsTruncateBytes: null, level: null, ...bloom({ ndv: 10 }) })).not.toThrow();
});
