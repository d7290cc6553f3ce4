/** Reads many inputs one after the other. `unionSources` loads it when it is opened. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Batch } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { type ColumnProblem, columnError, shownName } from '../format/column-problem.ts';
import { alignBatch } from './align-batch.ts';
import { alignInParts } from './align-in-parts.ts';
import { makeOpenSource } from './batch-flow.ts';
import { canonicalField } from './canonical-type.ts';
import { givenSchema, projected, refuseUnknownTypes } from './column-types.ts';
import { inFile } from './errors-in-file.ts';
import { FileSource } from './file-source.ts';
import { type HivePath, hivePaths } from './hive-columns.ts';
import type { ManyOptions } from './many.ts';
import { RejectCounter } from './rejects.ts';
import type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source.ts';
import { SchemaUnion } from './union-schema.ts';

export function openMany(
  sources: readonly RecordBatchSource[],
  options: ManyOptions,
  open: OpenSourceOptions,
): Promise<OpenSource> {
  return new ManyRun(sources, options, open).open();
}

/** One reading of all inputs. */
class ManyRun {
  readonly #sources: readonly RecordBatchSource[];
  readonly #options: ManyOptions;
  readonly #open: OpenSourceOptions;
  readonly #rejects: RejectCounter;
  readonly #given: ArrowSchema | null;
  readonly #hive: HivePath;
  #target: ArrowSchema = { fields: [] };
  /** The file in hand, opened; its place in the list. */
  #current: OpenSource | null = null;
  #index = 0;
  #file: string | null = null;

  constructor(sources: readonly RecordBatchSource[], options: ManyOptions, open: OpenSourceOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#open = open;
    this.#rejects = new RejectCounter(options.maxBadRows);
    const names = sources.map((source) => source.name);
    this.#given = givenSchema(options);
    const known = { fields: [...(this.#given?.fields ?? []), ...(open.expected?.fields ?? [])] };
    this.#hive = hivePaths(options.hivePartitioning === true ? names : names.map(() => ''), known, options.columns);
  }

  async open(): Promise<OpenSource> {
    const totalRows = this.#options.unionByName === true ? await this.#readAll() : null;
    try {
      const first = await this.#advance();
      if (first === null) {
        throw new IcestreamError('SOURCE_EMPTY', 'all inputs are empty (0 bytes)', {
          file: this.#sources[0]?.name ?? '',
        });
      }
      if (this.#options.unionByName !== true) this.#target = this.#asTarget(first.schema, this.#index);
    } catch (error) {
      await this.#close();
      throw error;
    }
    return makeOpenSource({
      name: this.#sources[0]?.name ?? '',
      schema: this.#target,
      engineBytes: this.#engineBytes(),
      batchRows: this.#current?.batchRows,
      columnsApart: this.#sources.length === 1 && this.#current?.columnsApart === true,
      totalRows: this.#sources.length === 1 ? (this.#current?.totalRows ?? null) : totalRows,
      batches: () => this.#batches(),
      close: () => this.#close(),
      currentFile: () => this.#file,
    });
  }

  /** The files behind a first that holds anything may hold more. */
  #engineBytes(): number {
    const first = this.#current?.engineBytes ?? 0;
    return first > 0 && this.#sources.length > 1 ? Number.MAX_SAFE_INTEGER : first;
  }

  /** Schemas of all files; their rows, when each says how many it has. */
  async #readAll(): Promise<number | null> {
    const union = new SchemaUnion();
    let rows: number | null = 0;
    for (const [i, source] of this.#sources.entries()) {
      const opened = await this.#openOne(source, i, union.schema);
      if (opened === null) continue;
      await using file = opened;
      union.add(this.#hive.extended(file.schema, i), source.name);
      rows = rows === null || file.totalRows === null ? null : rows + file.totalRows;
    }
    const { columns } = this.#options;
    const name = this.#sources.length === 1 ? (this.#sources[0]?.name ?? '') : `${this.#sources.length} inputs`;
    // Which columns the files have that are not wanted is not known here.
    const typed = this.#given?.fields.filter((f) => columns?.includes(f.name) ?? true);
    refuseUnknownTypes({ fields: typed ?? [] }, union.schema, name);
    const has = new Set(union.schema.fields.map((f) => f.name));
    const lacking = columns?.find((column) => !has.has(column));
    if (lacking !== undefined) {
      throw new IcestreamError('SCHEMA_MISMATCH', `${name}: none has a column ${shownName(lacking)} (option columns)`, {
        option: 'columns',
        column: lacking,
      });
    }
    this.#target = projected(union.schema, columns, name);
    return rows;
  }

  /** Null: the file is empty. */
  async #openOne(source: RecordBatchSource, index: number, known: ArrowSchema): Promise<OpenSource | null> {
    const open = {
      ...this.#open,
      expected: this.#expected(known),
      pathColumns: this.#hive.columns(index),
      isPartial: this.#options.unionByName === true,
    };
    try {
      return await (source instanceof FileSource ? source.openWith(open, this.#rejects) : source.open(open));
    } catch (error) {
      if (error instanceof IcestreamError && error.code === 'SOURCE_EMPTY' && this.#sources.length > 1) return null;
      throw error;
    }
  }

  /** What text is read as: the files before say it, then the table. */
  #expected(known: ArrowSchema): ArrowSchema {
    const fields = known.fields.filter((f) => f.type.kind !== 'null');
    const names = new Set(fields.map((f) => f.name));
    return { fields: [...fields, ...(this.#open.expected?.fields ?? []).filter((f) => !names.has(f.name))] };
  }

  /** Opens the next file that is not empty; null at the end. */
  async #advance(): Promise<OpenSource | null> {
    for (; this.#index < this.#sources.length; this.#index++) {
      const source = this.#sources[this.#index] as RecordBatchSource;
      this.#file = source.name;
      this.#current = await this.#openOne(source, this.#index, this.#target);
      if (this.#current !== null) return this.#current;
    }
    return null;
  }

  async *#batches(): AsyncGenerator<Batch, void, undefined> {
    for (let file = this.#current; file !== null; file = await this.#advance()) {
      yield* this.#fileBatches(file, this.#index);
      await file[Symbol.asyncDispose]();
      this.#current = null;
      this.#index += 1;
    }
  }

  async *#fileBatches(file: OpenSource, index: number): AsyncGenerator<Batch, void, undefined> {
    const name = this.#file ?? '';
    const constants = this.#hive.constants(file.schema, index);
    if (constants.length === 0 && sameSchema(file.schema, this.#target)) {
      yield* file.batches();
      return;
    }
    this.#checkColumns(this.#hive.extended(file.schema, index), name);
    using aligner = this.#open.engine.aligner(file.schema, {
      target: this.#target,
      constants: constants.map(({ field, value }) => ({ path: [field.name], value })),
      file: name,
    });
    let rowsBefore = 0;
    try {
      for await (const batch of file.batches()) {
        yield* alignInParts(batch, this.#target, this.#open.lease, (rows) => {
          const count = rows.numRows;
          const aligned = alignBatch(aligner, rows, rowsBefore, name);
          rowsBefore += count;
          return aligned;
        });
      }
    } catch (error) {
      throw inFile(error, name);
    }
  }

  /** Without unionByName a file has the columns of the first one: no more, no fewer. */
  #checkColumns(file: ArrowSchema, name: string): void {
    if (this.#options.unionByName === true) return;
    const own = new Set(projected(file, this.#options.columns, name).fields.map((f) => f.name));
    const wanted = new Set(this.#target.fields.map((f) => f.name));
    const problems: ColumnProblem[] = [
      ...[...wanted].filter((n) => !own.has(n)).map((column) => ({ column, problem: 'is not in this file' })),
      ...[...own].filter((n) => !wanted.has(n)).map((column) => ({ column, problem: 'is not in the first file' })),
    ];
    if (problems.length === 0) return;
    throw columnError('SCHEMA_MISMATCH', `${name} has other columns than the first file (see unionByName)`, problems, {
      file: name,
    });
  }

  /** The first file's schema with its path's columns, in types that other files can be brought to. */
  #asTarget(schema: ArrowSchema, index: number): ArrowSchema {
    const extended = this.#hive.extended(schema, index);
    const wanted = projected(extended, this.#options.columns, this.#sources[index]?.name ?? '');
    if (this.#sources.length === 1 && sameSchema(wanted, schema)) return schema;
    const fields = wanted.fields.map((f) => canonicalField(f));
    // What the first file never leaves out, another may.
    return { fields: this.#sources.length === 1 ? fields : fields.map((f) => ({ ...f, nullable: true })) };
  }

  async #close(): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]();
    this.#current = null;
    const { signal } = this.#open;
    if (signal?.aborted === true) for (const source of this.#sources) source.cancel?.(signal.reason);
  }
}

/** The same columns in the same order and types: nothing to align. */
function sameSchema(a: ArrowSchema, b: ArrowSchema): boolean {
  return a === b || JSON.stringify(a.fields) === JSON.stringify(b.fields);
}
