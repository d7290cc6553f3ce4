/** `npm run -s bench -- <name ...> [--rows N] [--json]`, `--list`: exits with 1 when a bar is missed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchmarks } from './cases/index.ts';
import { describe, met } from './harness.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string' }, json: { type: 'boolean' }, list: { type: 'boolean' } },
});

if (values.list || positionals.length === 0) {
  for (const { name, what, defaultRows } of benchmarks) {
    console.log(`${name.padEnd(24)} ${what} [${defaultRows.toLocaleString('en-US')} rows]`);
  }
} else {
  let missed = 0;
  for (const name of positionals) {
    const benchmark = benchmarks.find((candidate) => candidate.name === name);
    if (benchmark === undefined) throw new Error(`no benchmark '${name}'; --list names them`);
    const scratch = await mkdtemp(join(tmpdir(), 'icestream-bench-'));
    try {
      const rows = values.rows === undefined ? benchmark.defaultRows : Number(values.rows.replaceAll('_', ''));
      const log = (text: string) => console.error(text);
      for await (const figure of benchmark.run({ rows, scratch, log })) {
        if (!met(figure)) missed++;
        console.log(values.json ? JSON.stringify({ benchmark: name, ...figure, met: met(figure) }) : describe(figure));
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  process.exitCode = missed > 0 ? 1 : 0;
}
