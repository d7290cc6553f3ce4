/**
 * Decoders compiled from a schema. Values: int, float, double → number; long → bigint; bytes, fixed → Uint8Array;
 * string, enum → string; array → array; map → Map; record → array of its fields' values; a union is its value.
 */
import { type ByteReader, corrupt } from './byte-reader.ts';
import type { AvroField, AvroSchema } from './schema.ts';

export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AvroValue[]
  | ReadonlyMap<string, AvroValue>
  | undefined;

export type Decoder = (reader: ByteReader) => AvroValue;
type Skipper = (reader: ByteReader) => void;

/**
 * What the reader wants. `any` takes everything in file order; a record takes the fields with these Iceberg ids, in
 * this order, `undefined` where the file lacks one; other fields are skipped without being decoded.
 */
export type ReadShape =
  | 'any'
  | { readonly kind: 'record'; readonly fields: readonly WantedField[] }
  | { readonly kind: 'array'; readonly items: ReadShape };

export interface WantedField {
  readonly id: number;
  readonly shape: ReadShape;
}

/** Items that take no bytes (nulls, empty records) could make an endless array: so many at most. */
const MAX_EMPTY_ITEMS = 100_000;

export function compileDecoder(schema: AvroSchema, shape: ReadShape = 'any'): Decoder {
  switch (schema.kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return (reader) => reader.boolean();
    case 'int':
      return (reader) => reader.int();
    case 'long':
      return (reader) => reader.long();
    case 'float':
      return (reader) => reader.float();
    case 'double':
      return (reader) => reader.double();
    case 'bytes':
      return (reader) => reader.blob();
    case 'string':
      return (reader) => reader.string();
    case 'fixed':
      return (reader) => reader.fixed(schema.size);
    case 'enum':
      return (reader) => schema.symbols[reader.int()] ?? fail('an enum has a symbol that does not exist');
    case 'record':
      return recordDecoder(schema.fields, shape);
    case 'array':
      return arrayDecoder(schema.items, typeof shape === 'object' && shape.kind === 'array' ? shape.items : 'any');
    case 'map':
      return mapDecoder(schema.values);
    case 'union': {
      const branches = schema.branches.map((branch) => compileDecoder(branch, shape));
      return (reader) => (branches[reader.int()] ?? fail('a union has a branch that does not exist'))(reader);
    }
  }
}

function recordDecoder(fields: readonly AvroField[], shape: ReadShape): Decoder {
  if (typeof shape === 'string' || shape.kind !== 'record') {
    const decoders = fields.map((field) => compileDecoder(field.schema));
    return (reader) => decoders.map((decode) => decode(reader));
  }
  const wanted = new Map(shape.fields.map((field, index) => [field.id, { index, shape: field.shape }]));
  const steps = fields.map((field) => {
    const want = field.fieldId === null ? undefined : wanted.get(field.fieldId);
    if (want === undefined) return { index: -1, run: compileSkipper(field.schema) };
    return { index: want.index, run: compileDecoder(field.schema, want.shape) };
  });
  const size = shape.fields.length;
  return (reader) => {
    const values = new Array<AvroValue>(size).fill(undefined);
    for (const { index, run } of steps) {
      const value = run(reader);
      if (index >= 0) values[index] = value as AvroValue;
    }
    return values;
  };
}

function arrayDecoder(items: AvroSchema, shape: ReadShape): Decoder {
  const decode = compileDecoder(items, shape);
  const least = minSize(items);
  return (reader) => {
    const values: AvroValue[] = [];
    for (let count = blockCount(reader, least); count > 0; count = blockCount(reader, least)) {
      for (let i = 0; i < count; i++) values.push(decode(reader));
      if (least === 0 && values.length > MAX_EMPTY_ITEMS) throw corrupt('an array of empty items is too long');
    }
    return values;
  };
}

function mapDecoder(valueSchema: AvroSchema): Decoder {
  const decode = compileDecoder(valueSchema);
  const least = 1 + minSize(valueSchema);
  return (reader) => {
    const values = new Map<string, AvroValue>();
    for (let count = blockCount(reader, least); count > 0; count = blockCount(reader, least)) {
      for (let i = 0; i < count; i++) values.set(reader.string(), decode(reader));
    }
    return values;
  };
}

/** Items of the next block; a negative count is followed by the block's size in bytes. */
function blockCount(reader: ByteReader, least: number): number {
  const count = reader.long();
  const items = count < 0n ? -count : count;
  if (count < 0n) reader.length();
  const limit = least === 0 ? MAX_EMPTY_ITEMS : Math.floor(reader.remaining / least);
  if (items > BigInt(limit)) throw corrupt('an array or map is longer than the data');
  return Number(items);
}

function compileSkipper(schema: AvroSchema): Skipper {
  switch (schema.kind) {
    case 'null':
      return () => {};
    case 'boolean':
      return (reader) => reader.skip(1);
    case 'int':
    case 'long':
    case 'enum':
      return (reader) => void reader.long();
    case 'float':
      return (reader) => reader.skip(4);
    case 'double':
      return (reader) => reader.skip(8);
    case 'bytes':
    case 'string':
      return (reader) => reader.skip(reader.length());
    case 'fixed':
      return (reader) => reader.skip(schema.size);
    case 'record': {
      const skippers = schema.fields.map((field) => compileSkipper(field.schema));
      return (reader) => {
        for (const skip of skippers) skip(reader);
      };
    }
    case 'array':
      return blockSkipper(compileSkipper(schema.items), minSize(schema.items));
    case 'map': {
      const skipValue = compileSkipper(schema.values);
      const skipEntry: Skipper = (reader) => {
        reader.skip(reader.length());
        skipValue(reader);
      };
      return blockSkipper(skipEntry, 1 + minSize(schema.values));
    }
    case 'union': {
      const branches = schema.branches.map(compileSkipper);
      return (reader) => (branches[reader.int()] ?? fail('a union has a branch that does not exist'))(reader);
    }
  }
}

function blockSkipper(skipItem: Skipper, least: number): Skipper {
  return (reader) => {
    for (;;) {
      const start = reader.position;
      const count = reader.long();
      if (count === 0n) return;
      if (count < 0n) {
        reader.skip(reader.length());
        continue;
      }
      reader.position = start;
      for (let left = blockCount(reader, least); left > 0; left--) skipItem(reader);
    }
  };
}

/** Bytes that a value takes at least. */
function minSize(schema: AvroSchema): number {
  switch (schema.kind) {
    case 'null':
      return 0;
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'fixed':
      return schema.size;
    case 'record':
      return schema.fields.reduce((sum, field) => sum + minSize(field.schema), 0);
    default:
      return 1;
  }
}

function fail(why: string): never {
  throw corrupt(why);
}
