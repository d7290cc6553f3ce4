/** Writes the benchmark rows to standard output as one Arrow IPC stream: `generate.ts ROWS [BATCH_ROWS]`. */
import { once } from 'node:events';
import { benchIpcStream } from './ipc.ts';

const rows = Number(process.argv[2]);
const batchRows = Number(process.argv[3] ?? 16_384);

for (const bytes of benchIpcStream(rows, batchRows)) {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}
