/** One append in a process of its own: `append.ts JSON`, measured from before the library is loaded. */
const idleRssBytes = process.memoryUsage().rss;
const startedCpu = process.cpuUsage();
const started = performance.now();

/** What to append, and where. */
export interface AppendJob {
  readonly source: { readonly stdin: true } | { readonly file: string };
  readonly target:
    | { readonly s3: Readonly<Record<string, string>>; readonly warehouse: string }
    | { readonly folder: string }
    | { readonly discard: true };
  readonly partition?: readonly string[];
  readonly memoryLimitBytes: number;
  readonly table: string;
}

const [{ fromAny }, { StoreCatalog }, { StoreRegistry }, { localStoreFactory }, { MemoryStore }, { DiscardingStore }] =
  await Promise.all([
    import('../../src/source/from-any.ts'),
    import('../../src/table/table-catalog.ts'),
    import('../../src/storage/registry.ts'),
    import('../../src/storage/local/index.ts'),
    import('../../src/storage/memory/memory-store.ts'),
    import('../support/wrapped-store.ts'),
  ]);
const { Readable } = await import('node:stream');
const { pathToFileURL } = await import('node:url');

const job = JSON.parse(process.argv[2] ?? '') as AppendJob;
const registry = new StoreRegistry({ factories: new Map([['file', localStoreFactory]]) });
const files = registry.open('file:///');

function openTarget() {
  const { target } = job;
  if ('s3' in target) {
    const store = registry.open(target.warehouse, new Map(Object.entries(target.s3)));
    return StoreCatalog.open({ warehouse: target.warehouse, store });
  }
  if ('folder' in target) return StoreCatalog.open({ warehouse: pathToFileURL(target.folder).href, store: files });
  return StoreCatalog.open({ warehouse: 'memory://bench', store: new DiscardingStore(new MemoryStore('bench')) });
}

const source =
  'stdin' in job.source
    ? fromAny(
        Readable.toWeb(process.stdin, { strategy: { highWaterMark: 1 } }) as ReadableStream<Uint8Array<ArrayBuffer>>,
      )
    : fromAny({ store: files, location: pathToFileURL(job.source.file).href });
const catalog = openTarget();
const [namespace = 'bench'] = job.table.split('.');
await catalog.createNamespace(namespace).catch(() => {});
const request = job.partition === undefined ? {} : { partitionSpec: job.partition };
const { table, result } = await catalog.createAndAppend(
  job.table,
  source,
  { ...request, properties: { 'write.parquet.compression-level': '1' } },
  { memoryLimitBytes: job.memoryLimitBytes },
);

const cpu = process.cpuUsage(startedCpu);
console.log(
  JSON.stringify({
    cpuMs: (cpu.user + cpu.system) / 1000,
    elapsedMs: performance.now() - started,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    idleRssBytes,
    rows: Number(result.rows),
    files: result.files,
    bytes: Number(result.bytes),
    memoryPeakBytes: result.memoryPeakBytes,
    snapshots: table.snapshots().length,
  }),
);
