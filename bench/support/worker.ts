/** The Worker of `worker/` on this machine: wrangler bundles it, workerd runs it on a simulated R2 bucket. */
import { readdir, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, RestCatalog, type TableCatalog } from '../../src/index.ts';
import { uuidV7 } from '../../src/util/uuid.ts';
import { defaultWorld } from '../../src/util/world.ts';
import { freePort } from '../../test/support/kit/server.ts';
import { startLocalWorker } from '../../worker/local.ts';
import { IsolateInspector } from './isolate-memory.ts';

const token = 'only-for-benchmarks';

export interface Load {
  /** `namespace.table`; it is created where it is not there. */
  readonly table: string;
  readonly partition?: string;
  /** Called for each time the load is sent. */
  readonly body: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface Loaded {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** By the Worker's own account. */
  readonly memoryPeakBytes: number;
  /** How often the Worker was at its limit and asked to come again. */
  readonly refusals: number;
  /** How often the connection was closed while the body was sent, so that the answer was lost. */
  readonly lostAnswers: number;
}

export interface BenchWorker {
  readonly inspector: IsolateInspector;
  catalog(): Promise<TableCatalog>;
  /** Sends Arrow IPC, again after the time that the Worker names when it answers 429. */
  load(load: Load): Promise<Loaded>;
  /** Resident set of the process that runs the isolate and the simulated bucket; null where there is no /proc. */
  processRss(): Promise<{ readonly nowBytes: number; readonly peakBytes: number } | null>;
}

/** Runs `work` with the Worker, which keeps its bucket in `bucketFolder`, and stops it. */
export async function withWorker<T>(bucketFolder: string, work: (worker: BenchWorker) => Promise<T>): Promise<T> {
  const inspectorPort = await freePort();
  const running = await startLocalWorker({ folder: bucketFolder, token, tables: 'bench.*', inspectorPort });
  const { address } = running;
  const inspector = await IsolateInspector.connect(inspectorPort);
  try {
    const catalog = () => RestCatalog.connect({ uri: `${address}/catalog`, auth: bearer(token) });
    const load = (job: Load) => sendUntilTaken(address, job);
    return await work({ inspector, catalog, load, processRss });
  } finally {
    inspector.close();
    await running.stop();
  }
}

async function sendUntilTaken(address: string, { table, partition, body }: Load): Promise<Loaded> {
  const query = new URLSearchParams({ create: 'true', ...(partition && { partition }) });
  const url = `${address}/v1/ingest/${table.replace('.', '/')}?${query}`;
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/vnd.apache.arrow.stream',
    'idempotency-key': uuidV7(defaultWorld),
    // The Worker ends connections that were idle for five seconds, maybe just when the next body is begun on one.
    connection: 'close',
  };
  let [refusals, lostAnswers] = [0, 0];
  for (;;) {
    const request = { method: 'POST', headers, body: Readable.from(body()), duplex: 'half' };
    const response = await fetch(url, request as unknown as RequestInit).catch((error: unknown) => {
      // HTTP/1.1 servers that answer before the body's end close the connection, and the client may still be writing.
      if (['EPIPE', 'ECONNRESET', 'UND_ERR_SOCKET'].includes(codeOf(error))) return null;
      throw error;
    });
    const text = (await response?.text()) ?? '';
    // wrangler's proxy then says so itself.
    if (response === null || text.includes('Network connection lost')) lostAnswers += 1;
    else {
      const answer = JSON.parse(text) as Omit<Loaded, 'refusals' | 'lostAnswers'>;
      if (response.ok) return { ...answer, refusals, lostAnswers };
      if (response.status !== 429) throw new Error(`${table}: ${response.status} ${JSON.stringify(answer)}`);
      refusals += 1;
    }
    // Not all at the same moment.
    const waitSeconds = Number(response?.headers.get('retry-after') ?? 2);
    await sleep(waitSeconds * 1000 * (1 + Math.random()));
  }
}

function codeOf(error: unknown): string {
  const cause = error instanceof TypeError ? error.cause : null;
  return String((cause as { code?: unknown } | null)?.code);
}

/** wrangler's own proxy is another workerd, without an inspector. */
const processRss: BenchWorker['processRss'] = async () => {
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!command.includes('--inspector-addr')) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    if (value('PPid') === process.pid) return { nowBytes: value('VmRSS') * 1024, peakBytes: value('VmHWM') * 1024 };
  }
  return null;
};
