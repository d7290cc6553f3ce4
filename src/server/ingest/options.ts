/** What an ingest app is given. */

import type { FromAnyOptions } from '../../source/from-any.ts';
import type { TableCatalog } from '../../table/table-catalog.ts';
import type { World } from '../../util/world.ts';
import type { SpillPlace, WriteOptions } from '../../write/write-options.ts';
import type { OnError } from '../on-error.ts';

/** Who may load into which tables: by a bearer token, or by signing each request with a secret. */
export type IngestKey = {
  /** In HMAC requests and in logs; no secret. */
  readonly id: string;
  /** `demo.flights`, or `demo.*` for all tables of a namespace; nothing else is reached. */
  readonly tables: readonly string[];
} & ({ readonly token: string } | { readonly hmacSecret: string });

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
  readonly write?: Pick<
    WriteOptions,
    'encoding' | 'schemaEvolution' | 'distributionMode' | 'spill' | 'snapshotProperties'
  >;
  /** How bodies are read: `onBadRow`, `maxBadRows`, CSV dialect. */
  readonly source?: Omit<FromAnyOptions, 'name' | 'format' | 'compression' | 'headers' | 'world'>;
  /** Told of what is answered 500 and above, for the log. Default: `console.error`. */
  readonly onError?: OnError;
  readonly world?: World;
}
