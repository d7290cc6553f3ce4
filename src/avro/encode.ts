/** Encoders compiled from a schema; they take the values that `decode.ts` gives. */
import { IcestreamError } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { AvroValue } from './decode.ts';
import type { AvroSchema } from './schema.ts';

export type Encoder = (writer: ByteWriter, value: AvroValue) => void;

export function compileEncoder(schema: AvroSchema): Encoder {
  switch (schema.kind) {
    case 'null':
      return () => {};
    case 'boolean':
      return (writer, value) => writer.boolean(value === true);
    case 'int':
      return (writer, value) => writer.int(asNumber(value));
    case 'long':
      return (writer, value) => writer.long(asBigint(value));
    case 'float':
      return (writer, value) => writer.float(asNumber(value));
    case 'double':
      return (writer, value) => writer.double(asNumber(value));
    case 'bytes':
      return (writer, value) => writer.blob(asBytes(value));
    case 'string':
      return (writer, value) => writer.string(asString(value));
    case 'fixed':
      return (writer, value) => {
        const bytes = asBytes(value);
        if (bytes.length !== schema.size) throw mismatch(`fixed[${schema.size}]`, value);
        writer.fixed(bytes);
      };
    case 'enum':
      return (writer, value) => {
        const index = schema.symbols.indexOf(asString(value));
        if (index < 0) throw mismatch(`a symbol of ${schema.name}`, value);
        writer.int(index);
      };
    case 'record': {
      const encoders = schema.fields.map((field) => compileEncoder(field.schema));
      return (writer, value) => {
        const values = asArray(value);
        if (values.length !== encoders.length) throw mismatch(`record ${schema.name}`, value);
        encoders.forEach((encode, index) => {
          encode(writer, values[index]);
        });
      };
    }
    case 'array': {
      const encode = compileEncoder(schema.items);
      return (writer, value) => {
        const values = asArray(value);
        if (values.length > 0) {
          writer.int(values.length);
          for (const item of values) encode(writer, item);
        }
        writer.int(0);
      };
    }
    case 'map': {
      const encode = compileEncoder(schema.values);
      return (writer, value) => {
        if (!(value instanceof Map)) throw mismatch('a map', value);
        if (value.size > 0) {
          writer.int(value.size);
          for (const [key, item] of value) {
            writer.string(key);
            encode(writer, item);
          }
        }
        writer.int(0);
      };
    }
    case 'union':
      return unionEncoder(schema.branches);
  }
}

/** `null` and `undefined` take the null branch; otherwise the first branch whose kind fits the value. */
function unionEncoder(branches: readonly AvroSchema[]): Encoder {
  const encoders = branches.map(compileEncoder);
  const nullIndex = branches.findIndex((branch) => branch.kind === 'null');
  const others = branches.flatMap((_, index) => (index === nullIndex ? [] : [index]));
  return (writer, value) => {
    if (value === null || value === undefined) {
      if (nullIndex < 0) throw mismatch('a value', value);
      writer.int(nullIndex);
      return;
    }
    const index = others.length === 1 ? others[0] : others.find((candidate) => fits(branches[candidate], value));
    const encode = index === undefined ? undefined : encoders[index];
    if (index === undefined || encode === undefined) throw mismatch('a branch of a union', value);
    writer.int(index);
    encode(writer, value);
  };
}

function fits(schema: AvroSchema | undefined, value: AvroValue): boolean {
  switch (schema?.kind) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'float':
    case 'double':
      return typeof value === 'number';
    case 'long':
      return typeof value === 'bigint';
    case 'string':
      return typeof value === 'string';
    case 'enum':
      return typeof value === 'string' && schema.symbols.includes(value);
    case 'bytes':
      return value instanceof Uint8Array;
    case 'fixed':
      return value instanceof Uint8Array && value.length === schema.size;
    case 'map':
      return value instanceof Map;
    case 'array':
    case 'record':
      return Array.isArray(value);
    default:
      return false;
  }
}

function asNumber(value: AvroValue): number {
  if (typeof value !== 'number') throw mismatch('a number', value);
  return value;
}

function asBigint(value: AvroValue): bigint {
  if (typeof value !== 'bigint') throw mismatch('a bigint', value);
  return value;
}

function asString(value: AvroValue): string {
  if (typeof value !== 'string') throw mismatch('a string', value);
  if (!value.isWellFormed()) throw mismatch('a string without lone surrogates', value);
  return value;
}

function asBytes(value: AvroValue): Uint8Array {
  if (!(value instanceof Uint8Array)) throw mismatch('bytes', value);
  return value;
}

function asArray(value: AvroValue): readonly AvroValue[] {
  if (!Array.isArray(value)) throw mismatch('an array', value);
  return value;
}

function mismatch(expected: string, value: AvroValue): IcestreamError {
  const got = value === null ? 'null' : typeof value;
  return new IcestreamError(
    'INVALID_ARGUMENT',
    `An Avro value does not fit its schema: expected ${expected}, got ${got}.`,
  );
}
