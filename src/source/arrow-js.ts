/**
 * Tables and record batches of the library apache-arrow as a source. That library, an optional peer, is imported only
 * by this module and `src/scan/arrow-js.ts`; both stand behind the subpath `icestream/arrow`.
 */
import { AsyncByteQueue, RecordBatch, RecordBatchStreamWriter, type Schema, Table, util } from 'apache-arrow';
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Batch, Engine, IpcReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { arrowTypeName } from '../format/arrow-type-name.ts';
import { type ColumnProblem, columnError } from '../format/column-problem.ts';
import { abortable } from '../util/abortable.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import { type OptionNames, requireKnownOptions } from '../util/known-options.ts';
import { handOver, makeOpenSource } from './batch-flow.ts';
import { refuseBadNames } from './column-types.ts';
import { endUnread } from './end-unread.ts';
import { inFile } from './errors-in-file.ts';
import type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source.ts';

/** What apache-arrow makes: a table, one batch, or batches that come one by one (a RecordBatchReader too). */
export type ArrowInput = Table | RecordBatch | Iterable<RecordBatch> | AsyncIterable<RecordBatch>;

export interface ArrowSourceOptions {
  /** For messages. Default `arrow`. */
  readonly name?: string;
}

const OPTIONS: OptionNames<ArrowSourceOptions> = { name: true };

/** Larger batches are given to the engine in slices. */
const SLICE_BYTES = 8 * 1024 * 1024;

/**
 * Rows of apache-arrow. All batches must have the columns and types of the first (dictionaries may differ). Tables,
 * batches and arrays of batches can be read again, other iterables once.
 * @throws TypeError for an option that there is not.
 */
export function arrowSource(input: ArrowInput, options: ArrowSourceOptions = {}): RecordBatchSource {
  requireKnownOptions('arrowSource', options, OPTIONS);
  const name = options.name ?? 'arrow';
  const table = input instanceof Table ? input : null;
  const one = isRecordBatchLike(input) ? [input as RecordBatch] : null;
  const replayable = table !== null || one !== null || Array.isArray(input);
  let taken = false;
  return {
    name,
    replayable,
    sizeBytes: null,
    async open(open) {
      if (taken && !replayable) {
        throw new IcestreamError('SOURCE_UNREADABLE', `${name}: the batches were read already; pass them again`, {
          file: name,
        });
      }
      taken = true;
      return openBatches(table?.batches ?? one ?? batchesOf(input, name), table, name, open);
    },
    cancel(reason) {
      if (taken || replayable) return;
      taken = true;
      endUnread(batchesOf(input, name), reason);
    },
  };
}

async function openBatches(
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
  table: Table | null,
  name: string,
  open: OpenSourceOptions,
): Promise<OpenSource> {
  const iterator = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  const transfer = new Transfer(open.engine, name);
  let ended = false;
  const next = async (): Promise<RecordBatch | null> => {
    open.signal?.throwIfAborted();
    const result = await abortable(Promise.resolve(iterator.next()), open.signal);
    ended = result.done === true;
    return result.done ? null : checked(result.value, name);
  };
  const close = async () => {
    transfer.free();
    if (!ended) await Promise.resolve(iterator.return?.()).catch(() => {});
    ended = true;
  };
  try {
    let pending = await next();
    const schema = pending?.schema ?? table?.schema;
    if (schema === undefined) {
      throw new IcestreamError('SOURCE_EMPTY', `${name}: there are no batches, and so no columns`, { file: name });
    }
    transfer.begin(schema);
    refuseBadNames(transfer.schema, name);
    async function* rows(): AsyncGenerator<Batch, void, undefined> {
      try {
        for (; pending !== null; pending = await next()) {
          for (const piece of slices(pending)) yield* handOver(transfer.take(piece));
        }
      } catch (error) {
        throw inFile(error, name);
      }
    }
    const totalRows = table === null ? null : table.numRows;
    return makeOpenSource({ name, schema: transfer.schema, totalRows, batches: rows, close });
  } catch (error) {
    await close();
    throw inFile(error, name);
  }
}

/** From JavaScript's memory into the engine's, as an Arrow stream. */
class Transfer {
  readonly #engine: Engine;
  readonly #name: string;
  readonly #bytes = new Collected();
  #writer = new RecordBatchStreamWriter({ autoDestroy: false });
  #reader: IpcReader | null = null;
  #written: Schema | null = null;
  #first: ArrowSchema | null = null;
  #count = 0;

  constructor(engine: Engine, name: string) {
    this.#engine = engine;
    this.#name = name;
  }

  get schema(): ArrowSchema {
    return this.#first ?? { fields: [] };
  }

  /** Begins a stream: batches whose dictionaries have other ids than those before need one of their own. */
  begin(schema: Schema): void {
    this.#reader?.free();
    this.#reader = this.#engine.ipcReader();
    this.#writer = new RecordBatchStreamWriter({ autoDestroy: false });
    this.#writer.reset(this.#bytes, schema);
    this.#written = schema;
    this.#reader.push(this.#bytes.take());
    const found = this.#reader.schema;
    if (found === null) throw new IcestreamError('ENGINE_FAILED', `${this.#name}: apache-arrow wrote no schema`);
    if (this.#first === null) this.#first = found;
    else requireSame(this.#first, found, this.#name, this.#count);
  }

  take(batch: RecordBatch): Batch[] {
    if (this.#written === null || !util.compareSchemas(batch.schema, this.#written)) this.begin(batch.schema);
    this.#count += 1;
    this.#writer.write(batch);
    return this.#reader?.push(this.#bytes.take()) ?? [];
  }

  free(): void {
    this.#reader?.free();
    this.#reader = null;
    this.#bytes.take();
  }
}

/** Where the writer's bytes go: they are taken as soon as it has written them. */
class Collected extends AsyncByteQueue {
  #chunks: Bytes[] = [];

  override write(value: unknown): void {
    // Views of the caller's own buffers: they are copied when they are joined.
    if (value instanceof Uint8Array && value.length > 0) this.#chunks.push(value as Bytes);
  }

  take(): Bytes {
    return concatBytes(this.#chunks.splice(0));
  }
}

function* slices(batch: RecordBatch): Generator<RecordBatch, void, undefined> {
  const rows = batch.numRows;
  const rowBytes = Math.max(1, batch.data.byteLength / Math.max(1, rows));
  const step = Math.max(1, Math.floor(SLICE_BYTES / rowBytes));
  if (rows <= step) {
    if (rows > 0) yield batch;
    return;
  }
  for (let start = 0; start < rows; start += step) yield batch.slice(start, Math.min(rows, start + step));
}

function batchesOf(input: unknown, name: string): Iterable<RecordBatch> | AsyncIterable<RecordBatch> {
  if (typeof input === 'object' && input !== null) {
    // A table of another copy of the library: its batches are refused with the reason.
    if ('batches' in input && Array.isArray(input.batches)) return input.batches as RecordBatch[];
    if (Symbol.iterator in input || Symbol.asyncIterator in input) return input as Iterable<RecordBatch>;
  }
  throw new IcestreamError('INVALID_ARGUMENT', `${name}: the input is no table, batch or iterable of batches`, {
    file: name,
    option: 'input',
  });
}

function isRecordBatchLike(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    'data' in value &&
    'numRows' in value &&
    !(value instanceof Table) &&
    !('batches' in value)
  );
}

function checked(batch: unknown, name: string): RecordBatch {
  if (batch instanceof RecordBatch) return batch;
  const why = isRecordBatchLike(batch)
    ? 'a record batch of another copy of apache-arrow; let the package manager install it once'
    : 'not a record batch of apache-arrow';
  throw new IcestreamError('INVALID_ARGUMENT', `${name}: the input gave ${why}`, { file: name, option: 'input' });
}

function requireSame(first: ArrowSchema, found: ArrowSchema, name: string, index: number): void {
  const before = new Map(first.fields.map((f) => [f.name, f]));
  const now = new Map(found.fields.map((f) => [f.name, f]));
  const problems: ColumnProblem[] = [];
  for (const [column, field] of before) {
    const other = now.get(column);
    if (other === undefined) problems.push({ column, problem: 'is not in this batch' });
    else if (JSON.stringify(other.type) !== JSON.stringify(field.type)) {
      problems.push({
        column,
        problem: `is ${arrowTypeName(other.type)}, and ${arrowTypeName(field.type)} in the first`,
      });
    }
  }
  for (const column of now.keys())
    if (!before.has(column)) problems.push({ column, problem: 'is not in the first batch' });
  if (problems.length === 0 && JSON.stringify(first.fields.map((f) => f.name)) !== JSON.stringify([...now.keys()])) {
    problems.push({
      column: found.fields[0]?.name ?? '',
      problem: 'the columns are in another order than in the first',
    });
  }
  if (problems.length > 0) {
    throw columnError('SCHEMA_MISMATCH', `${name}: batch ${index} has another schema than the first`, problems, {
      file: name,
    });
  }
}
