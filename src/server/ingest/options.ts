/** What an ingest app is given. */

import { type FromAnyOptions, fromAny } from '../../source/from-any.ts';
import { adviceForSource, checkSourceValues } from '../../source/from-any-options.ts';
import type { TableCatalog } from '../../table/table-catalog.ts';
import { type OptionNames, requireBooleans, requireKnownOptions } from '../../util/known-options.ts';
import type { World } from '../../util/world.ts';
import { checkPlace, checkWriteValues } from '../../write/check-options.ts';
import type { SpillPlace, WriteOptions } from '../../write/write-options.ts';
import type { OnError } from '../on-error.ts';

/** Who may load into which tables: by a bearer token, or by signing each request with a secret. */
export type IngestKey = {
  /** In HMAC requests and in logs; no secret. */
  readonly id: string;
  /** `demo.flights`, or `demo.*` for all tables of a namespace; nothing else is reached. */
  readonly tables: readonly string[];
} & ({ readonly token: string } | { readonly hmacSecret: string });

type IngestWriteOptions = Pick<
  WriteOptions,
  'encoding' | 'schemaEvolution' | 'distributionMode' | 'spill' | 'snapshotProperties'
>;

type IngestSourceOptions = Omit<FromAnyOptions, 'name' | 'format' | 'compression' | 'headers' | 'world'>;

export interface IngestOptions {
  /** The catalog, or how to open it at the first request. */
  readonly catalog: TableCatalog | (() => Promise<TableCatalog>);
  readonly keys: readonly IngestKey[];
  /** Pages that may call from a browser, as `https://app.example`. Default: the server's own, as requests name it. */
  readonly origins?: readonly string[];
  /** Bytes that all writes of this isolate may hold together, wasm included. Default: the runtime's (64 MiB in Workers). */
  readonly memoryLimitBytes?: number;
  /** Writes at once, each with an equal part of the memory; further ones are answered 429. Default: as many as have 64 MiB, at least 1. */
  readonly maxConcurrentWrites?: number;
  /** Default 10 GiB. */
  readonly maxBodyBytes?: number;
  /** Default: no limit. */
  readonly maxRows?: number;
  /** Where a Parquet body waits while it is read: its footer comes last. Default: Parquet bodies are refused. */
  readonly spool?: SpillPlace;
  /** Whether `?create=true` may create a table that is not there. Default false. */
  readonly createTables?: boolean;
  /** Options of all loads: `encoding`, `schemaEvolution`, … */
  readonly write?: IngestWriteOptions;
  /** How bodies are read: `onBadRow`, `maxBadRows`, CSV dialect. */
  readonly source?: IngestSourceOptions;
  /** Told of what is answered 500 and above, for the log. Default: `console.error`. */
  readonly onError?: OnError;
  readonly world?: World;
}

const OPTIONS: OptionNames<IngestOptions> = {
  catalog: true,
  keys: true,
  origins: true,
  memoryLimitBytes: true,
  maxConcurrentWrites: true,
  maxBodyBytes: true,
  maxRows: true,
  spool: true,
  createTables: true,
  write: true,
  source: true,
  onError: true,
  world: true,
};

const WRITE: OptionNames<IngestWriteOptions> = {
  encoding: true,
  schemaEvolution: true,
  distributionMode: true,
  spill: true,
  snapshotProperties: true,
};

const SOURCE: OptionNames<IngestSourceOptions> = {
  schema: true,
  csv: true,
  requireEndOfStream: true,
  columns: true,
  onBadRow: true,
  maxBadRows: true,
  batchRows: true,
  sampleBytes: true,
  sampleRows: true,
  unionByName: true,
  hivePartitioning: true,
};

/**
 * What every load would fail of fails here, when nobody waits for an answer yet.
 * @throws TypeError for an option that there is not, or that cannot be; IcestreamError INVALID_ARGUMENT for a limit or a
 * schema of the source.
 */
export function checkIngest(options: IngestOptions): void {
  requireKnownOptions('ingestApp', options, OPTIONS);
  const { write, source, spool, createTables } = options;
  requireBooleans({ createTables });
  if (spool !== undefined) checkPlace('spool', spool, 'ingestApp');
  if (write !== undefined) {
    requireKnownOptions('option write of ingestApp', write, WRITE, adviceForWrite);
    checkWriteValues(write, 'ingestApp');
  }
  if (source !== undefined) {
    requireKnownOptions('option source of ingestApp', source, SOURCE, adviceForBody);
    checkSourceValues('ingestApp', source);
    // What is made of the options once there is something to read, made of nothing.
    fromAny(new Uint8Array(), source);
  }
}

function adviceForWrite(name: string): string | undefined {
  if (Object.hasOwn(OPTIONS, name)) return 'it is one of ingestApp itself';
  if (Object.hasOwn(SOURCE, name)) return 'it is one of the option source';
  return name === 'commitId' ? 'each request has its own, its Idempotency-Key' : undefined;
}

function adviceForBody(name: string): string | undefined {
  if (name === 'format') return 'each request says it, as its Content-Type';
  if (name === 'compression') return 'each request says it, as its Content-Encoding';
  if (Object.hasOwn(WRITE, name)) return 'it is one of the option write';
  return Object.hasOwn(OPTIONS, name) ? 'it is one of ingestApp itself' : adviceForSource(name);
}
