/** The benchmark rows as a Parquet file, written by PyArrow. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { paths } from '../../test/support/kit/home.ts';

const generator = new URL('../data/generate.ts', import.meta.url).pathname;
const converter = new URL('../child/to_parquet.py', import.meta.url).pathname;

export async function writeParquet(path: string, rows: number): Promise<void> {
  const feed = spawn('node', [generator, String(rows)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sink = spawn(paths.python(), [converter, path], { stdio: ['pipe', 'inherit', 'inherit'] });
  feed.stdout.pipe(sink.stdin);
  const [code] = await once(sink, 'close');
  if (code !== 0) throw new Error(`${converter} ended with ${String(code)}`);
}
