/** Rows to JSON to batches, with the rows that did not fit. */
import type { Batch, RejectedRow, TextReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { shownName } from '../format/column-problem.ts';
import { utf8 } from '../util/encoding.ts';
import { BadValue } from './bad-value.ts';
import { handOver } from './batch-flow.ts';
import { BAD_ROW, inFile } from './errors-in-file.ts';
import type { RejectCounter } from './rejects.ts';
import type { RowJsonWriter } from './row-json.ts';
import type { RowReading } from './row-reading.ts';

/** Characters of JSON that go to the engine at once. */
const PIECE_CHARACTERS = 64 * 1024;
const REJECTED_TEXT = 4096;

export class RowRun {
  readonly #reading: RowReading;
  readonly #writer: RowJsonWriter;
  readonly #reader: TextReader;
  readonly #onBadRow: 'fail' | 'reject';
  readonly #rejects: RejectCounter;
  /** Rows that were left out before the engine saw them, ascending: it counts without them. */
  readonly #skipped: number[] = [];

  constructor(
    reading: RowReading,
    writer: RowJsonWriter,
    reader: TextReader,
    onBadRow: 'fail' | 'reject',
    rejects: RejectCounter,
  ) {
    this.#reading = reading;
    this.#writer = writer;
    this.#reader = reader;
    this.#onBadRow = onBadRow;
    this.#rejects = rejects;
  }

  async *batches(): AsyncGenerator<Batch, void, undefined> {
    let text = '';
    let row = 0;
    let own: RejectedRow[] = [];
    for (let next = await this.#reading.next(); next !== null; next = await this.#reading.next(), row++) {
      try {
        text += `${this.#writer.line(next)}\n`;
      } catch (error) {
        own.push(this.#refused(error, row));
      }
      if (text.length < PIECE_CHARACTERS && own.length < 1000) continue;
      yield* this.#give(this.#reader.pull(utf8(text)), own);
      text = '';
      own = [];
    }
    yield* this.#give(this.#reader.pull(utf8(text)), own);
    yield* this.#give(this.#last(), []);
  }

  *#last(): Generator<Batch, void, undefined> {
    yield* handOver(this.#reader.finish());
  }

  #refused(error: unknown, row: number): RejectedRow {
    if (!(error instanceof BadValue)) throw error;
    if (this.#onBadRow === 'fail') throw badRow(error, this.#reading.name, row);
    this.#skipped.push(row);
    return { line: row + 1, row, column: error.column, reason: error.reason, text: '' };
  }

  /** The batches, then the rejects among them. */
  *#give(batches: Iterable<Batch>, own: readonly RejectedRow[]): Generator<Batch, void, undefined> {
    const { name, open } = this.#reading;
    try {
      yield* batches;
    } catch (error) {
      throw inFile(this.#renumbered(error), name, BAD_ROW);
    }
    const theirs = this.#reader.takeRejects().map((r) => ({
      ...r,
      row: this.#rowOf(r.row),
      line: this.#rowOf(r.row) + 1,
      text: r.text.slice(0, REJECTED_TEXT),
    }));
    const inOrder = [...theirs, ...own].sort((a, b) => a.row - b.row);
    this.#rejects.take(inOrder, name, open.onReject);
  }

  /** The engine's row as the caller counts. */
  #rowOf(row: number): number {
    let at = row;
    for (const skipped of this.#skipped) {
      if (skipped > at) break;
      at += 1;
    }
    return at;
  }

  /** Rows have no lines. */
  #renumbered(error: unknown): unknown {
    if (!(error instanceof IcestreamError) || error.place.row === undefined) return error;
    const { line: _, row, ...place } = error.place;
    const own = this.#rowOf(row ?? 0);
    const message = error.message.replace(/^line \d+/, `row ${own}`);
    return new IcestreamError(error.code, message, { ...place, row: own, cause: error });
  }
}

/** `row` null: not known. */
export function badRow(error: BadValue, name: string, row: number | null): IcestreamError {
  const at = row === null ? '' : ` row ${row},`;
  return new IcestreamError('INVALID_VALUE', `${name}:${at} column ${shownName(error.column)}: ${error.reason}`, {
    file: name,
    column: error.column,
    ...(row === null ? {} : { row }),
  });
}
