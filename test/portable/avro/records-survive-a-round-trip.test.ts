import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AvroValue, AvroWriter, openAvro, type ReadShape } from '../../../src/avro/index.ts';
import { unsnap } from '../../../src/avro/snappy.ts';
import { crc32 } from '../../../src/util/crc32.ts';

const schema = {
  type: 'record',
  name: 'everything',
  fields: [
    { name: 'flag', type: 'boolean', 'field-id': 1 },
    { name: 'i', type: 'int', 'field-id': 2 },
    { name: 'l', type: 'long', 'field-id': 3 },
    { name: 'f', type: 'float', 'field-id': 4 },
    { name: 'd', type: 'double', 'field-id': 5 },
    { name: 's', type: 'string', 'field-id': 6 },
    { name: 'b', type: ['null', 'bytes'], default: null, 'field-id': 7 },
    { name: 'x', type: { type: 'fixed', name: 'four', size: 4 }, 'field-id': 8 },
    { name: 'again', type: 'four', 'field-id': 9 },
    { name: 'e', type: { type: 'enum', name: 'colour', symbols: ['RED', 'BLUE'] }, 'field-id': 10 },
    { name: 'list', type: { type: 'array', items: ['null', 'long'], 'element-id': 20 }, 'field-id': 11 },
    { name: 'map', type: { type: 'map', values: 'int' }, 'field-id': 12 },
    {
      name: 'pairs',
      type: {
        type: 'array',
        logicalType: 'map',
        items: {
          type: 'record',
          name: 'k1_v2',
          fields: [
            { name: 'key', type: 'int', 'field-id': 21 },
            { name: 'value', type: 'long', 'field-id': 22 },
          ],
        },
      },
      'field-id': 13,
    },
    { name: 'many', type: ['null', 'string', 'long', 'double'], 'field-id': 14 },
    { name: 'nothing', type: 'null', 'field-id': 15 },
  ],
};

const record = fc.tuple(
  fc.boolean(),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.float({ noNaN: true }),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.option(fc.uint8Array({ maxLength: 40 })),
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.constantFrom('RED', 'BLUE'),
  fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { maxLength: 5 }),
  fc.array(fc.tuple(fc.string(), fc.nat())).map((entries) => new Map(entries)),
  fc.array(fc.tuple(fc.nat(), fc.bigInt({ min: 0n, max: 99n })), { maxLength: 5 }),
  fc.oneof(fc.constant(null), fc.string(), fc.bigInt({ min: 0n, max: 9n }), fc.constant(1.5)),
  fc.constant(null),
);

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const randomBytes = (length: number) => new Uint8Array(length).fill(7);

async function write(records: readonly AvroValue[], codec: 'null' | 'deflate', blockBytes = 200) {
  const writer = new AvroWriter({ schema, codec, randomBytes, blockBytes, metadata: new Map([['who', 'me']]) });
  for (const value of records) await writer.add(value);
  return writer.finish();
}

async function read(bytes: Uint8Array | AsyncIterable<Uint8Array>, shape?: ReadShape): Promise<AvroValue[]> {
  return collect((await openAvro(bytes)).records(shape));
}

test.each(['null', 'deflate'] as const)('records of every type, %s', async (codec) => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 12 }), async (records) => {
      expect(await read(await write(records, codec))).toEqual(records);
    }),
    { numRuns: 40 },
  );
});

const one: AvroValue = [
  true,
  -1,
  2n ** 63n - 1n,
  0.5,
  Number.NaN,
  'naïve 🎈',
  null,
  Uint8Array.of(1, 2, 3, 4),
  Uint8Array.of(4, 3, 2, 1),
  'BLUE',
  [1n, null],
  new Map([['__proto__', 1]]),
  [
    [1, 10n],
    [2, 20n],
  ],
  'text',
  null,
];

test('fields are found by id, in the order asked; others are skipped', async () => {
  const shape: ReadShape = {
    kind: 'record',
    fields: [
      { id: 13, shape: { kind: 'array', items: { kind: 'record', fields: [{ id: 22, shape: 'any' }] } } },
      { id: 99, shape: 'any' },
      { id: 3, shape: 'any' },
    ],
  };
  expect(await read(await write([one, one], 'deflate'), shape)).toEqual([
    [[[10n], [20n]], undefined, 2n ** 63n - 1n],
    [[[10n], [20n]], undefined, 2n ** 63n - 1n],
  ]);
});

test('the same bytes come in any chunks', async () => {
  const bytes = await write(new Array(50).fill(one), 'deflate');
  async function* chunks() {
    for (let i = 0; i < bytes.length; i += 13) yield bytes.subarray(i, i + 13);
  }
  const file = await openAvro(chunks());
  expect(file.text('who')).toBe('me');
  expect(await collect(file.records())).toHaveLength(50);
});

test('a file without records', async () => {
  expect(await read(await write([], 'deflate'))).toEqual([]);
});

test('damage is an error of its own, wherever it is', async () => {
  const bytes = await write(new Array(20).fill(one), 'null');
  for (let cut = 0; cut < bytes.length; cut += 17) {
    const result = await read(bytes.subarray(0, cut)).catch((error: unknown) => error);
    if (Array.isArray(result)) expect(result.length).toBeLessThan(20);
    else expect(result).toMatchObject({ code: 'INVALID_METADATA' });
  }
});

test('flipped bytes never crash or allocate wildly', async () => {
  const bytes = await write(new Array(5).fill(one), 'deflate');
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const broken = bytes.slice();
      broken[at] = (broken[at] ?? 0) ^ flip;
      const result = await read(broken).catch((error: unknown) => error);
      if (!Array.isArray(result)) expect(result).toMatchObject({ name: 'IcestreamError' });
    }),
    { numRuns: 300 },
  );
});

test('a block that inflates beyond the limit is refused', async () => {
  const bomb = { type: 'record', name: 'r', fields: [{ name: 's', type: 'string' }] };
  const writer = new AvroWriter({ schema: bomb, randomBytes });
  await writer.add(['x'.repeat(5_000_000)]);
  const file = await openAvro(await writer.finish(), { maxBlockBytes: 1_000_000, file: 's3://b/bomb.avro' });
  await expect(collect(file.records())).rejects.toMatchObject({
    code: 'INVALID_METADATA',
    message: expect.stringMatching(/larger than 1000000 bytes/),
    place: { file: 's3://b/bomb.avro' },
  });
});

test('an array that claims more items than there are bytes', async () => {
  const nulls = { type: 'record', name: 'r', fields: [{ name: 'a', type: { type: 'array', items: 'null' } }] };
  const writer = new AvroWriter({ schema: nulls, codec: 'null', randomBytes });
  await writer.add([new Array(1000).fill(null)]);
  const bytes = await writer.finish();
  expect(await read(bytes)).toEqual([[new Array(1000).fill(null)]]);
  const long = { type: 'record', name: 'r', fields: [{ name: 'a', type: 'bytes' }] };
  const other = new AvroWriter({ schema: long, codec: 'null', randomBytes });
  await other.add([Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f)]);
  const claimed = (await other.finish()).slice();
  const sync = claimed.length - 16;
  claimed[sync - 6] = 0x7e;
  await expect(read(claimed)).rejects.toMatchObject({ code: 'INVALID_METADATA' });
});

test('what is no Avro file is said to be none', async () => {
  await expect(openAvro(new TextEncoder().encode('<html>'))).rejects.toThrow(/not an Avro file/);
  await expect(openAvro(new Uint8Array(0))).rejects.toThrow(/not an Avro file/);
  await expect(openAvro(new TextEncoder().encode('AGS1....'))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

test('a codec the caller brings', async () => {
  const bytes = await write([one], 'null');
  const text = String.fromCharCode(...bytes).replace('\u0008null', '\u0008zstd');
  const renamed = Uint8Array.from(text, (c) => c.charCodeAt(0));
  await expect(collect((await openAvro(renamed)).records())).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  const file = await openAvro(renamed, { codecs: { zstd: (block) => block } });
  expect(await collect(file.records())).toHaveLength(1);
});

test('snappy blocks: literals, overlapping copies, a wrong checksum', () => {
  const plain = new TextEncoder().encode('abababababab');
  const packed = Uint8Array.of(12, 0x04, 0x61, 0x62, ((10 - 4) << 2) | 1, 2);
  const framed = new Uint8Array(packed.length + 4);
  framed.set(packed);
  new DataView(framed.buffer).setUint32(packed.length, crc32(plain));
  expect(unsnap(framed, 100)).toEqual(plain);
  expect(() => unsnap(framed, 5)).toThrow(/too large/);
  framed[framed.length - 1] = (framed.at(-1) ?? 0) ^ 1;
  expect(() => unsnap(framed, 100)).toThrow(/checksum/);
});
