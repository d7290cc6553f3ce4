/** Rows as a table that grows downwards: the first rows decide how wide the columns are. */
import type { RowValue } from '../scan/ipc-rows.ts';
import { tableCell } from './row-text.ts';

const SAMPLE_ROWS = 200;

export class RowTable {
  readonly #names: readonly string[];
  #held: (readonly RowValue[])[] = [];
  #columns: ReadonlyArray<{ readonly width: number; readonly right: boolean }> | null = null;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The lines that can be printed now. */
  add(row: readonly RowValue[]): string {
    if (this.#columns !== null) return this.#line(row.map(tableCell));
    this.#held.push(row);
    return this.#held.length < SAMPLE_ROWS ? '' : this.#begin();
  }

  finish(): string {
    return this.#columns === null ? this.#begin() : '';
  }

  #begin(): string {
    const rows = this.#held.splice(0);
    const cells = rows.map((row) => row.map(tableCell));
    this.#columns = this.#names.map((name, i) => ({
      width: cells.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), name.length),
      right: rows.length > 0 && rows.every((row) => row[i] === null || isNumber(row[i])),
    }));
    const rule = this.#columns.map(({ width }) => '─'.repeat(width));
    return [this.#names.map(tableCell), rule, ...cells].map((row) => this.#line(row)).join('');
  }

  #line(cells: readonly string[]): string {
    const padded = cells.map((cell, i) => {
      const { width, right } = this.#columns?.[i] ?? { width: 0, right: false };
      return right ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${padded.join('  ').trimEnd()}\n`;
  }
}

function isNumber(value: RowValue | undefined): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}
