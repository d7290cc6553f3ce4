/** What every encoder must do; each implementation's test calls this. */

import {
  Bool,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ArrowField, ArrowSchema } from '../../src/engine/arrow-schema.ts';
import { newEngine } from '../../src/engine/default-engine.ts';
import type { Codec, Encoder, EncoderOptions } from '../../src/engine/encoder.ts';
import type { Batch, Engine } from '../../src/engine/engine.ts';
import type { ParquetFooter } from '../../src/engine/footer.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { rowGroupBytes } from '../support/row-group.ts';

export interface EncoderUnderTest {
  readonly name: string;
  readonly open: (engine: Engine, options: EncoderOptions) => Encoder;
  /** What it is known not to do. */
  readonly lacks: ReadonlySet<'nan-counts' | 'levels' | 'exact-row-groups' | 'empty-files' | 'auto-dictionary'>;
}

const id = (n: number) => new Map([['PARQUET:field_id', String(n)]]);
const element = new Field('element', new Int32(), true, id(9));
const inner = new Field('label', new Utf8(), true, id(11));
const columns = [
  new Field('n', new Int64(), false, id(1)),
  new Field('s', new Utf8(), true, id(2)),
  new Field('d', new Float64(), true, id(3)),
  new Field('dec', new Decimal(2, 12, 128), true, id(4)),
  new Field('ts', new TimestampMicrosecond(), true, id(5)),
  new Field('day', new DateDay(), true, id(6)),
  new Field('b', new Bool(), true, id(7)),
  new Field('l', new List(element), true, id(8)),
  new Field('st', new Struct([inner]), true, id(10)),
];

type Row = Record<string, unknown>;

const rowAt = (i: number): Row => ({
  n: BigInt(i) * 3n - 7n,
  s: i % 7 === 0 ? null : `text ${i % 13}`,
  d: i % 11 === 0 ? null : i % 10 === 3 ? Number.NaN : i / 4 - 100,
  dec: i % 5 === 0 ? null : BigInt(i - 50),
  ts: i % 6 === 0 ? null : 1_700_000_000_000 + i,
  day: i % 6 === 1 ? null : new Date(86_400_000 * (i % 1000)),
  b: i % 4 === 0 ? null : i % 2 === 0,
  l: i % 9 === 0 ? null : Array.from({ length: i % 4 }, (_, j) => (j === 2 ? null : i + j)),
  st: i % 8 === 0 ? null : { label: i % 3 === 0 ? null : `in ${i % 5}` },
});

/** Rows `[start, start + count)` as an IPC stream. */
function ipc(start: number, count: number): Bytes {
  const rows = Array.from({ length: count }, (_, i) => rowAt(start + i));
  const vectors = columns.map((field) => {
    if (field.name === 'dec') {
      // vectorFromArray takes decimals as words.
      const words = rows.map((r) => (r['dec'] === null ? null : wordsOf(r['dec'] as bigint)));
      return vectorFromArray(words, field.type);
    }
    return vectorFromArray(rows.map((r) => r[field.name]) as never[], field.type);
  });
  const schema = new Schema(columns);
  const struct = new Struct(columns);
  const children = vectors.flatMap((v) => v.data.slice(0, 1));
  const batch = new RecordBatch(schema, makeData({ type: struct, length: count, nullCount: 0, children }));
  return tableToIPC(new Table(schema, batch), 'stream') as Bytes;
}

function wordsOf(value: bigint): Uint32Array {
  return Uint32Array.from({ length: 4 }, (_, i) => Number(BigInt.asUintN(32, value >> BigInt(32 * i))));
}

const plain = (batch: Batch): string[] => {
  const values = tableFromIPC(batch.toIpc()).toArray();
  return values.map((row) =>
    JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : Number.isNaN(v) ? 'NaN' : v)),
  );
};

export function encoderConformance(subject: EncoderUnderTest): void {
  describe(`encoder: ${subject.name}`, () => {
    let engine: Engine;
    let schema: ArrowSchema;
    let idle = 0;

    const read = (start: number, count: number): Batch => {
      const [batch] = engine.fromIpc(ipc(start, count));
      if (batch === undefined) throw new Error('no batch');
      return batch;
    };

    const optionsFor = (more: Partial<EncoderOptions> = {}): EncoderOptions => ({
      schema,
      codec: 'zstd',
      level: subject.lacks.has('levels') ? null : 1,
      encoding: 'default',
      pageSizeBytes: 1_048_576,
      pageRowLimit: 20_000,
      dictionarySizeBytes: 2_097_152,
      statisticsTruncateBytes: 64,
      ...more,
    });

    /** Encodes row groups, given as cuts, and reads the file back. */
    async function roundTrip(groups: ReadonlyArray<readonly number[]>, more: Partial<EncoderOptions> = {}) {
      using encoder = subject.open(engine, optionsFor(more));
      const parts: Bytes[] = [];
      let at = 0;
      for (const cuts of groups) {
        const batches = cuts.map((count) => {
          const batch = read(at, count);
          at += count;
          return batch;
        });
        parts.push(await rowGroupBytes(encoder, batches));
      }
      const { bytes, footer } = await encoder.finish();
      return { file: new Uint8Array(await new Blob([...parts, bytes]).arrayBuffer()), footer };
    }

    async function rowsOf(file: Bytes): Promise<{ rows: string[]; footer: ParquetFooter }> {
      const source = { sizeBytes: file.length, read: async (start: number, end: number) => file.slice(start, end) };
      using reader = await engine.openParquet(source);
      const rows: string[] = [];
      for await (const batch of reader.batches()) {
        rows.push(...plain(batch));
        batch.free();
      }
      return { rows, footer: reader.footer };
    }

    beforeAll(async () => {
      engine = await newEngine();
      const batch = read(0, 1);
      schema = batch.schema;
      batch.free();
      // What is made once and kept is made now.
      await roundTrip([[100]]);
      idle = engine.liveBytes;
    });
    afterEach(() => {
      expect(engine.liveBytes).toBe(idle);
    });

    it('writes rows that read back equal, in order', async () => {
      const { file, footer } = await roundTrip([[700, 300], [500]]);
      const back = await rowsOf(file);
      using first = read(0, 1500);
      expect(back.rows).toEqual(plain(first));
      expect(footer.numRows).toBe(1500);
      if (!subject.lacks.has('exact-row-groups')) {
        expect(footer.rowGroups.map((g) => g.numRows)).toEqual([1000, 500]);
      }
      expect(back.footer).toEqual(footer);
    });

    it('states facts that are true', async () => {
      const { file, footer } = await roundTrip([[1000]]);
      const leaf = (path: string) => footer.leaves.find((l) => l.path === path);
      const rows = Array.from({ length: 1000 }, (_, i) => rowAt(i));
      const paths = ['n', 's', 'd', 'dec', 'ts', 'day', 'b', 'l.list.element', 'st.label'];
      expect(footer.leaves.map((l) => l.path)).toEqual(paths);
      expect(footer.leaves.map((l) => l.fieldId)).toEqual([1, 2, 3, 4, 5, 6, 7, 9, 11]);
      expect(footer.leaves.map((l) => l.repeated)).toEqual(paths.map((p) => p === 'l.list.element'));
      for (const name of ['n', 's', 'd', 'dec', 'ts', 'day', 'b']) {
        expect(leaf(name)?.valueCount).toBe(1000);
        expect(leaf(name)?.nullCount).toBe(rows.filter((r) => r[name] === null).length);
      }
      expect(leaf('d')?.nanCount).toBe(
        subject.lacks.has('nan-counts') ? null : rows.filter((r) => Number.isNaN(r['d'])).length,
      );
      const int64 = (bytes?: Uint8Array | null) => bytes && new DataView(bytes.slice().buffer).getBigInt64(0, true);
      expect([leaf('n')?.min, leaf('n')?.max].map(int64)).toEqual([-7n, 2990n]);
      const float = (bytes?: Uint8Array | null) => bytes && new DataView(bytes.slice().buffer).getFloat64(0, true);
      const numbers = rows.map((r) => r['d']).filter((d): d is number => typeof d === 'number' && !Number.isNaN(d));
      if (!subject.lacks.has('nan-counts')) {
        expect([leaf('d')?.min, leaf('d')?.max].map(float)).toEqual([Math.min(...numbers), Math.max(...numbers)]);
      }
      const text = (bytes?: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
      expect([leaf('s')?.min, leaf('s')?.max].map(text)).toEqual(['text 0', 'text 9']);
      const sizes = footer.leaves.reduce((sum, l) => sum + l.compressedBytes, 0);
      expect(sizes).toBe(footer.rowGroups.reduce((sum, g) => sum + g.compressedBytes, 0));
      expect(sizes).toBeLessThan(file.length);
      expect(footer.rowGroups[0]?.startOffset).toBe(4);
    });

    it('writes the same bytes however the rows are cut into batches', async () => {
      const whole = await roundTrip([[20_000]]);
      for (const cuts of [
        [7_777, 7_777, 4_446],
        [10_000, 10_000],
        [1, 19_998, 1],
        [8_192, 0, 11_808],
      ]) {
        const { file } = await roundTrip([cuts]);
        expect(file.length).toBe(whole.file.length);
        expect(await digest(file)).toBe(await digest(whole.file));
      }
    });

    it.each<Codec>(['uncompressed', 'snappy', 'gzip', 'lz4_raw', 'zstd'])('compresses with %s', async (codec) => {
      const { file } = await roundTrip([[300]], { codec, level: null });
      expect((await rowsOf(file)).rows.length).toBe(300);
    });

    it('keeps key-value metadata', async () => {
      const { footer } = await roundTrip([[3]], { keyValueMetadata: new Map([['iceberg.schema', '{}']]) });
      expect(footer.keyValueMetadata.get('iceberg.schema')).toBe('{}');
    });

    it('chooses dictionaries by what repeats', async () => {
      if (subject.lacks.has('auto-dictionary')) return;
      const sizes = async (dictionary: 'auto' | 'on' | 'off') => {
        const column = new Map(['n', 's'].map((name) => [name, { dictionary }] as const));
        const { footer } = await roundTrip([[5000]], { codec: 'uncompressed', level: null, columns: column });
        return ['n', 's'].map((path) => footer.leaves.find((l) => l.path === path)?.compressedBytes);
      };
      const [auto, on, off] = [await sizes('auto'), await sizes('on'), await sizes('off')];
      expect(auto).toEqual([off[0], on[1]]);
    });

    it('refuses a batch of another schema and consumes it', async () => {
      using encoder = subject.open(engine, optionsFor());
      const other: ArrowField = { name: 'n', nullable: true, type: { kind: 'int', bitWidth: 32, signed: true } };
      using aligner = engine.aligner(schema, { target: { fields: [other] } });
      const wrong = aligner.align(read(0, 5));
      await expect(rowGroupBytes(encoder, [read(0, 5), wrong])).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    });

    it('writes a file without rows', async () => {
      if (subject.lacks.has('empty-files')) return;
      const { file, footer } = await roundTrip([[0], []]);
      expect(footer).toMatchObject({ numRows: 0, rowGroups: [] });
      expect((await rowsOf(file)).rows).toEqual([]);
    });

    it('can be freed at any time, and is used up when it is finished', async () => {
      const encoder = subject.open(engine, optionsFor());
      await rowGroupBytes(encoder, [read(0, 100)]);
      encoder.free();
      encoder.free();
      const done = subject.open(engine, optionsFor());
      await rowGroupBytes(done, [read(0, 100)]);
      await done.finish();
      await expect(done.finish()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(rowGroupBytes(done, [read(0, 5)])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      done.free();
    });
  });
}

async function digest(bytes: Bytes): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(hash), (b) => b.toString(16).padStart(2, '0')).join('');
}
