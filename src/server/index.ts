/** `icestream/server`: apps for any runtime with `fetch`, to be mounted alone or together. */
export { ingestApp } from './ingest/app.ts';
export { hmacAuthorization, type SignedParts } from './ingest/authenticate.ts';
export type { IngestKey, IngestOptions } from './ingest/options.ts';
