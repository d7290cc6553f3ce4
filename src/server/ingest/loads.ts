/** The loads of one isolate: a bounded number at once, in bounded memory, on one engine. */
import { defaultMemoryLimitBytes } from '#load-engine';
import type { TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { newEngine } from '../../engine/default-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import { IcestreamError } from '../../errors.ts';
import { fromAny } from '../../source/from-any.ts';
import { passingChunks } from '../../source/input-stream.ts';
import type { RecordBatchSource } from '../../source/source.ts';
import type { TableCatalog } from '../../table/table-catalog.ts';
import type { Bytes } from '../../util/bytes.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import { MemoryBudget } from '../../util/memory-budget.ts';
import { uuidV7, uuidV7Ms } from '../../util/uuid.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import type { NewTableRequest } from '../../write/create-append.ts';
import { engineShareBytes } from '../../write/memory-plan.ts';
import type { WriteOptions, WriteResult } from '../../write/write-options.ts';
import { boundedBody } from '../bounded-body.ts';
import { openedOnce } from '../opened-once.ts';
import { compressionOf, formatOf, spooled, tooLarge, withMaxRows } from './body.ts';
import { checkIngest, type IngestOptions } from './options.ts';
import { RequestProblem } from './problem.ts';

const DEFAULT_MAX_BODY_BYTES = 10 * 2 ** 30;
/** Each write gets at least this where the number of them is not given: less is too little for wide tables and Parquet. */
const USUAL_WRITE_BYTES = 64 * 2 ** 20;
const RETRY_AFTER_SECONDS = 2;
/** Of a refused body, read before the answer; larger ones are cut off. */
const DISCARDED_BYTES = 2 ** 24;
/** No write's memory is there for them, however many come at once. */
const DISCARDED_CHUNK_BYTES = 2 ** 17;

export interface LoadRequest {
  readonly identifier: TableIdentifier;
  readonly body: ReadableStream<Uint8Array> | null;
  /** A media type; see `formatOf`. */
  readonly contentType: string | null;
  /** `gzip` or `zstd`, which the body must then be. Default: known by content. */
  readonly contentEncoding?: string | null;
  readonly contentLength?: number | null;
  /** A UUIDv7, in quotes or not; default: a new one. */
  readonly idempotencyKey?: string | null;
  /** How to create the table where it is not there. Default: it must be there. */
  readonly create?: NewTableRequest | null;
  readonly signal?: AbortSignal;
}

const REQUEST: OptionNames<LoadRequest> = {
  identifier: true,
  body: true,
  contentType: true,
  contentEncoding: true,
  contentLength: true,
  idempotencyKey: true,
  create: true,
  signal: true,
};

export class Loads {
  readonly #options: IngestOptions;
  readonly #world: World;
  readonly #budget: MemoryBudget;
  readonly #writeBytes: number;
  readonly catalog: () => Promise<TableCatalog>;
  #engine: Promise<Engine> | null = null;

  /** @throws TypeError, IcestreamError INVALID_ARGUMENT for an option that there is not, or that cannot be. */
  constructor(options: IngestOptions) {
    checkIngest(options);
    this.#options = options;
    this.catalog = openedOnce(options.catalog);
    this.#world = options.world ?? defaultWorld;
    this.#budget = new MemoryBudget(options.memoryLimitBytes ?? defaultMemoryLimitBytes);
    const { limitBytes } = this.#budget;
    const writes = options.maxConcurrentWrites ?? Math.max(1, Math.floor(limitBytes / USUAL_WRITE_BYTES));
    this.#writeBytes = Math.floor(limitBytes / writes);
  }

  /**
   * Streams the body into the table; resolves after the commit.
   * @throws RequestProblem, IcestreamError of the write, and TypeError for what a request does not have: its body is then
   * as it was.
   */
  async append(request: LoadRequest): Promise<WriteResult> {
    requireKnownOptions('Loads.append', request, REQUEST);
    try {
      return await this.#append(request);
    } catch (error) {
      await discard(request.body);
      throw error;
    }
  }

  async #append(request: LoadRequest): Promise<WriteResult> {
    const { identifier, body, contentLength = null, signal, create = null } = request;
    const commitId = commitIdOf(request.idempotencyKey ?? null, this.#world);
    const format = formatOf(request.contentType ?? '');
    const compression = compressionOf(request.contentEncoding ?? '');
    const maxBytes = this.#options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    if (contentLength !== null && contentLength > maxBytes) throw tooLarge(maxBytes);
    if (body === null) throw new RequestProblem(400, 'BAD_REQUEST', 'the request has no body');
    if (create !== null && this.#options.createTables !== true) {
      throw new RequestProblem(403, 'TABLE_NOT_ALLOWED', 'this server creates no tables; leave out create');
    }
    using lease = this.#budget.tryAcquire(this.#writeBytes);
    if (lease === null) {
      throw new RequestProblem(429, 'TOO_MANY_WRITES', 'as many loads as this server takes at once are under way', {
        'retry-after': String(RETRY_AFTER_SECONDS),
      });
    }
    const chunks = boundedBody(passingChunks(body, signal), maxBytes, () => tooLarge(maxBytes));
    const options = {
      ...this.#options.source,
      name: 'the body',
      ...(format === null ? {} : { format }),
      ...(compression === null ? {} : { compression }),
    };
    const write: WriteOptions = {
      ...this.#options.write,
      commitId,
      ...(signal && { signal }),
      memoryLimitBytes: lease.limitBytes,
      engine: await this.#sharedEngine(),
    };
    if (format !== 'parquet') return await this.#write(fromAny(chunks, options), identifier, write, create);
    await using object = await this.#spooled(chunks, commitId, signal);
    return await this.#write(fromAny(object, options), identifier, write, create);
  }

  async #write(
    source: RecordBatchSource,
    identifier: TableIdentifier,
    options: WriteOptions,
    create: NewTableRequest | null,
  ) {
    const { maxRows = Infinity } = this.#options;
    const rows = maxRows === Infinity ? source : withMaxRows(source, maxRows);
    const catalog = await this.catalog();
    const stopped = options.signal === undefined ? {} : { signal: options.signal };
    const table = await catalog.loadTable(identifier, stopped).catch((error: unknown) => {
      if (create !== null && error instanceof IcestreamError && error.code === 'NOT_FOUND') return null;
      throw error;
    });
    if (table !== null) return table.append(rows, options);
    return (await catalog.createAndAppend(identifier, rows, { ...create, createNamespace: true }, options)).result;
  }

  #spooled(chunks: AsyncIterable<Bytes>, commitId: string, signal: AbortSignal | undefined) {
    const { spool } = this.#options;
    if (spool !== undefined) return spooled(chunks, spool, `${commitId}.parquet`, signal);
    throw new RequestProblem(
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'this server keeps no place for Parquet bodies, which are read from their end; send Arrow, CSV or JSON',
    );
  }

  /** Replaced after a trap. */
  async #sharedEngine(): Promise<Engine> {
    const engine = await this.#engine;
    if (engine?.alive === true) return engine;
    this.#engine = newEngine({ memoryLimitBytes: engineShareBytes(this.#budget.limitBytes) });
    return this.#engine;
  }
}

/** Who is still sending when the answer comes, a client or another Worker, may see a lost connection and not the reason. */
async function discard(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null || body.locked) return;
  let bytes = 0;
  try {
    for await (const { length } of passingChunks(body, undefined, DISCARDED_CHUNK_BYTES)) {
      bytes += length;
      if (bytes > DISCARDED_BYTES) return;
    }
  } catch {
    // The reason is in hand already.
  }
}

/** The caller's idempotency key, or a new one. */
function commitIdOf(key: string | null, world: World): string {
  if (key === null) return uuidV7(world);
  // Some clients send it as a quoted string, as a draft of the header's standard asks.
  const id = key.replace(/^"(.*)"$/, '$1').toLowerCase();
  if (uuidV7Ms(id) !== null) return id;
  throw new RequestProblem(
    400,
    'BAD_REQUEST',
    'Idempotency-Key must be a UUID of version 7: its time tells whether a table can still know it',
  );
}

/** What an answer says of a load; ids as text, because JSON numbers lose them. */
export function answerOf(identifier: TableIdentifier, result: WriteResult): Readonly<Record<string, unknown>> {
  const { commitId, alreadyCommitted, rejectedRows, files, retries, elapsedMs, memoryPeakBytes } = result;
  return {
    table: formatIdentifier(identifier),
    commitId,
    snapshotId: result.snapshotId === null ? null : String(result.snapshotId),
    alreadyCommitted,
    rows: Number(result.rows),
    rejectedRows,
    files,
    bytes: Number(result.bytes),
    retries,
    elapsedMs: Math.round(elapsedMs),
    memoryPeakBytes,
  };
}
