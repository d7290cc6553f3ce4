/** Rows like those of `rows.ts` as CSV with a header or as NDJSON; notes of several lines as CSV. */
import type { Bytes } from '../../src/util/bytes.ts';

const categories = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel'];
const rowsPerPiece = 10_000;

const linesPerNote = 10;

/** In one piece. */
export function benchText(format: 'csv' | 'json' | 'notes', rows: number): Bytes {
  const pieces = format === 'notes' ? benchNotes(rows) : benchTextPieces(format, rows);
  return new TextEncoder().encode([...pieces].join('')) as Bytes;
}

/** CSV whose second column is quoted text of ten lines. */
export function* benchNotes(rows: number): Generator<string> {
  yield 'id,notes\n';
  for (let id = 0; id < rows; id++) {
    const lines = Array.from({ length: linesPerNote }, (_, i) => `line ${i} of note ${id}, which goes on in the next`);
    yield `${id},"${lines.join('\n')}"\n`;
  }
}

export function* benchTextPieces(format: 'csv' | 'json', rows: number): Generator<string> {
  let seed = 12345;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 4294967296;
  };
  let lines = format === 'csv' ? ['id,ts,name,val,cat,amt'] : [];
  for (let id = 0; id < rows; id++) {
    const ts = new Date(1_700_000_000_000 + id).toISOString();
    const name = `user-${Math.floor(random() * 1e6)}@example.com`;
    const val = random() < 0.02 ? null : random() * 1000;
    const cat = categories[Math.floor(random() * categories.length)] ?? '';
    const amt = Math.round(random() * 1e7) / 100;
    const row = { id, ts, name, val, cat, amt };
    lines.push(format === 'csv' ? Object.values(row).join() : JSON.stringify(row));
    if (lines.length < rowsPerPiece && id + 1 < rows) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
}
