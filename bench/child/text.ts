/** Parses text several times: `text.ts ours|peer csv|notes|json ROWS`; the peers are papaparse and JSON.parse for each line. */
import Papa from 'papaparse';
import { newEngine } from '../../src/engine/default-engine.ts';
import type { Batch, TextReader } from '../../src/engine/engine.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { benchText } from '../data/text.ts';
import { cpuOfRounds } from '../support/cpu.ts';

const [parser, format, rowsText] = process.argv.slice(2);
const rows = Number(rowsText);
const pieceBytes = 64 * 1024;
const rounds = 4;
const isCsv = format !== 'json';
const input = benchText(format === 'csv' || format === 'notes' ? format : 'json', rows);

async function ours(): Promise<number> {
  const engine = await newEngine({ memoryLimitBytes: 256 * 1024 * 1024 });
  const common = { batchRows: 8192, batchBytes: 2 ** 21, onBadRow: 'fail' } as const;
  const sample = input.slice(0, 256 * 1024);
  let reader: TextReader;
  if (isCsv) {
    const { dialect, schema } = engine.inferCsv(sample);
    reader = engine.csvReader({ dialect, schema, ...common });
  } else {
    reader = engine.jsonReader({ schema: engine.inferJson(sample).schema, unknownFields: 'fail', ...common });
  }
  let count = 0;
  const take = (batches: readonly Batch[]) => {
    for (const batch of batches) {
      count += batch.numRows;
      batch.free();
    }
  };
  for (const piece of pieces()) take(reader.push(piece));
  take(reader.finish());
  reader.free();
  return count;
}

function* pieces(): Generator<Bytes> {
  for (let at = 0; at < input.length; at += pieceBytes) yield input.subarray(at, at + pieceBytes);
}

/** What ends a row: a line end alone may be one of a note. */
const rowEnd = format === 'notes' ? '"\n' : '\n';

/** Whole rows of decoded text, as a program would get them from a stream. */
function* textPieces(): Generator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for (const piece of pieces()) {
    const text = rest + decoder.decode(piece, { stream: true });
    const last = text.lastIndexOf(rowEnd);
    const end = last < 0 ? 0 : last + rowEnd.length;
    yield text.slice(0, end);
    rest = text.slice(end);
  }
  if (rest !== '') yield rest;
}

function papaparse(): number {
  let count = -1;
  for (const text of textPieces()) {
    count += Papa.parse<unknown[]>(text, { dynamicTyping: true, skipEmptyLines: true }).data.length;
  }
  return count;
}

function jsonLines(): number {
  let count = 0;
  for (const text of textPieces()) {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      if (JSON.parse(line) !== null) count++;
    }
  }
  return count;
}

let count = 0;
const cpuMs = await cpuOfRounds(rounds, async () => {
  count = parser === 'ours' ? await ours() : isCsv ? papaparse() : jsonLines();
});
console.log(JSON.stringify({ rows: count, bytes: input.length, cpuMs }));
