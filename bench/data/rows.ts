/**
 * The rows all benchmarks share, as Arrow record batches: int64 id, timestamp, string of 1M distinct values, double
 * with 2 % nulls and some NaN, string of 16 values, decimal(12,2), list<int32>. Deterministic: row r is always the
 * same for one batch size.
 */
import {
  type Data,
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
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';

const distinctNames = 1_000_000;
const categories = [
  'alpha',
  'bravo',
  'charlie',
  'delta',
  'echo',
  'foxtrot',
  'golf',
  'hotel',
  'india',
  'juliet',
  'kilo',
  'lima',
  'mike',
  'november',
  'oscar',
  'papa',
];
const firstTimestampUs = 1_700_000_000_000_000n;
const nameLength = 'user-'.length + 8 + '@example.com'.length;

const element = new Field('element', new Int32(), false);
const fields = [
  new Field('id', new Int64(), false),
  new Field('ts', new TimestampMicrosecond(), false),
  new Field('name', new Utf8(), true),
  new Field('val', new Float64(), true),
  new Field('cat', new Utf8(), true),
  new Field('amt', new Decimal(2, 12, 128), true),
  new Field('lst', new List(element), true),
];

export const benchSchema = new Schema(fields);

/** The same rows as `CREATE TABLE` text would say them, for people and peers. */
export const benchColumns =
  'id long, ts timestamp, name string, val double, cat string, amt decimal(12,2), lst list<int>';

const encoder = new TextEncoder();

/** All names, end to end: value i is bytes `[i * nameLength, (i + 1) * nameLength)`. */
function names(): Uint8Array {
  const bytes = new Uint8Array(distinctNames * nameLength);
  for (let i = 0; i < distinctNames; i++) {
    const hash = (Math.imul(i, 2654435761) >>> 0).toString(16).padStart(8, '0');
    bytes.set(encoder.encode(`user-${hash}@example.com`), i * nameLength);
  }
  return bytes;
}

/** Batches of `batchRows` rows, `rows` in all. */
export function* benchBatches(rows: number, batchRows: number): Generator<RecordBatch> {
  const nameBytes = names();
  const categoryBytes = categories.map((category) => encoder.encode(category));
  let seed = 12345;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 4294967296;
  };
  for (let start = 0; start < rows; start += batchRows) {
    const n = Math.min(batchRows, rows - start);
    const id = new BigInt64Array(n);
    const ts = new BigInt64Array(n);
    const val = new Float64Array(n);
    const valid = new Uint8Array(((n + 63) >> 6) * 8);
    let nulls = 0;
    const amt = new Int32Array(n * 4);
    const nameOffsets = new Int32Array(n + 1);
    const nameData = new Uint8Array(n * nameLength);
    const catOffsets = new Int32Array(n + 1);
    const catParts: Uint8Array[] = [];
    const listOffsets = new Int32Array(n + 1);
    const listValues: number[] = [];
    for (let i = 0; i < n; i++) {
      const row = start + i;
      id[i] = BigInt(row);
      ts[i] = firstTimestampUs + BigInt(row * 1000 + Math.floor(random() * 900));
      if (random() < 0.02) nulls++;
      else valid[i >> 3] = (valid[i >> 3] ?? 0) | (1 << (i & 7));
      val[i] = random() < 0.001 ? Number.NaN : random() * 1000;
      const name = Math.floor(random() * distinctNames) * nameLength;
      nameData.set(nameBytes.subarray(name, name + nameLength), i * nameLength);
      nameOffsets[i + 1] = (i + 1) * nameLength;
      const category = categoryBytes[Math.floor(random() * 16)] ?? new Uint8Array();
      catParts.push(category);
      catOffsets[i + 1] = (catOffsets[i] ?? 0) + category.length;
      const cents = Math.floor((random() - 0.3) * 1e8);
      amt.fill(cents < 0 ? -1 : 0, i * 4, i * 4 + 4);
      amt[i * 4] = cents;
      const length = Math.floor(random() * 5);
      for (let k = 0; k < length; k++) listValues.push(Math.floor(random() * 100_000));
      listOffsets[i + 1] = (listOffsets[i] ?? 0) + length;
    }
    const catData = new Uint8Array(catOffsets[n] ?? 0);
    catParts.forEach((part, i) => {
      catData.set(part, catOffsets[i]);
    });
    const child = makeData({
      type: new Int32(),
      length: listValues.length,
      nullCount: 0,
      data: Int32Array.from(listValues),
    });
    const columns: Data[] = [
      makeData({ type: new Int64(), length: n, nullCount: 0, data: id }),
      makeData({ type: new TimestampMicrosecond(), length: n, nullCount: 0, data: ts }),
      makeData({ type: new Utf8(), length: n, nullCount: 0, valueOffsets: nameOffsets, data: nameData }),
      makeData({ type: new Float64(), length: n, nullCount: nulls, nullBitmap: valid, data: val }),
      makeData({ type: new Utf8(), length: n, nullCount: 0, valueOffsets: catOffsets, data: catData }),
      makeData({ type: new Decimal(2, 12, 128), length: n, nullCount: 0, data: new Uint32Array(amt.buffer) }),
      makeData({ type: new List(element), length: n, nullCount: 0, valueOffsets: listOffsets, child }),
    ];
    const data = makeData({ type: new Struct(fields), length: n, nullCount: 0, children: columns });
    yield new RecordBatch(benchSchema, data);
  }
}
