/** Rows of an Arrow batch as plain values (Arrow columnar format: Physical memory layout). */
import type { ArrowField, ArrowSchema, ArrowType, TimeUnit } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import { formatDate, formatTime, formatTimestamp } from '../spec/date-time.ts';
import { decimalText } from '../spec/decimal.ts';
import { formatUuid } from '../spec/single-value-json.ts';
import type { Bytes } from '../util/bytes.ts';
import { type IpcBatch, readIpcBatch } from './ipc-message.ts';

/** A row's value; which, by column type: see `ScanBatch.rows`. */
export type RowValue =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | null
  | readonly RowValue[]
  | ReadonlyMap<RowValue, RowValue>
  | Row;

/** Values by column name; without a prototype, so that any name is safe. */
export interface Row {
  readonly [column: string]: RowValue;
}

type Reader = (row: number) => RowValue;

/** Decodes the columns, then makes one row after another. */
export function* rowsOf(schema: ArrowSchema, ipc: Bytes): Generator<Row, void, undefined> {
  const batch = readIpcBatch(ipc);
  const columns = new Columns(batch);
  const make = structReader(schema.fields, columns);
  for (let row = 0; row < batch.numRows; row++) yield make(row) as Row;
}

/** Nodes and buffers, taken in order. */
class Columns {
  readonly #batch: IpcBatch;
  #node = 0;
  #buffer = 0;

  constructor(batch: IpcBatch) {
    this.#batch = batch;
  }

  nullCount(): number {
    return this.#batch.nodes[this.#node++]?.nullCount ?? 0;
  }

  buffer(): Bytes {
    return this.#batch.buffers[this.#buffer++] ?? new Uint8Array();
  }

  view(): DataView {
    const bytes = this.buffer();
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** Nothing is inherited, so that `__proto__` is a name like any other; faster to read than `Object.create(null)`. */
function NewRow(): void {}
NewRow.prototype = Object.freeze(Object.create(null));

function structReader(fields: readonly ArrowField[], columns: Columns): Reader {
  const readers = fields.map((field) => [field.name, fieldReader(field, columns)] as const);
  return (row) => {
    const made = new (NewRow as unknown as new () => Record<string, RowValue>)();
    for (const [name, read] of readers) made[name] = read(row);
    return made;
  };
}

function fieldReader(field: ArrowField, columns: Columns): Reader {
  const nullCount = columns.nullCount();
  const validity = columns.buffer();
  const read = valueReader(field.type, field.extension, columns);
  if (nullCount === 0) return read;
  return (row) => (bit(validity, row) ? read(row) : null);
}

function valueReader(type: ArrowType, extension: string | undefined, columns: Columns): Reader {
  switch (type.kind) {
    case 'bool': {
      const bits = columns.buffer();
      return (row) => bit(bits, row);
    }
    case 'int': {
      const view = columns.view();
      return type.bitWidth === 64 ? (row) => view.getBigInt64(row * 8, true) : (row) => view.getInt32(row * 4, true);
    }
    case 'float': {
      const view = columns.view();
      return type.bitWidth === 64 ? (row) => view.getFloat64(row * 8, true) : (row) => view.getFloat32(row * 4, true);
    }
    case 'decimal': {
      const view = columns.view();
      const high = (row: number) => view.getBigInt64(row * 16 + 8, true) << 64n;
      return (row) => decimalText(high(row) | view.getBigUint64(row * 16, true), type.scale);
    }
    case 'date': {
      const view = columns.view();
      return (row) => formatDate(view.getInt32(row * 4, true));
    }
    case 'time': {
      const view = columns.view();
      return (row) => formatTime(view.getBigInt64(row * 8, true));
    }
    case 'timestamp': {
      const view = columns.view();
      const zone = type.timezone === null ? '' : '+00:00';
      const resolution = resolutionOf(type.unit);
      return (row) => `${formatTimestamp(view.getBigInt64(row * 8, true), resolution)}${zone}`;
    }
    case 'utf8': {
      const read = bytesReader(columns);
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      return (row) => decoder.decode(read(row));
    }
    case 'binary': {
      const read = bytesReader(columns);
      return (row) => read(row).slice();
    }
    case 'fixed_size_binary': {
      const values = columns.buffer();
      const width = type.byteWidth;
      const read = (row: number) => values.slice(row * width, (row + 1) * width);
      return extension === 'arrow.uuid' ? (row) => formatUuid(read(row)) : read;
    }
    case 'struct':
      return structReader(type.fields, columns);
    case 'list': {
      const offsets = columns.view();
      const element = fieldReader(type.element, columns);
      return (row) => range(offsets, row).map(element);
    }
    case 'map': {
      const offsets = columns.view();
      // The entries are a struct without nulls.
      columns.nullCount();
      columns.buffer();
      const key = fieldReader(type.key, columns);
      const value = fieldReader(type.value, columns);
      return (row) => new Map(range(offsets, row).map((at) => [key(at), value(at)]));
    }
    default:
      throw new IcestreamError('UNSUPPORTED', `rows of type ${type.kind} cannot be made into values`);
  }
}

function bytesReader(columns: Columns): (row: number) => Bytes {
  const offsets = columns.view();
  const values = columns.buffer();
  return (row) => values.subarray(offsets.getInt32(row * 4, true), offsets.getInt32(row * 4 + 4, true));
}

function range(offsets: DataView, row: number): number[] {
  const start = offsets.getInt32(row * 4, true);
  return Array.from({ length: offsets.getInt32(row * 4 + 4, true) - start }, (_, i) => start + i);
}

function bit(bits: Bytes, row: number): boolean {
  return (((bits[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

function resolutionOf(unit: TimeUnit): 'us' | 'ns' {
  return unit === 'ns' ? 'ns' : 'us';
}
