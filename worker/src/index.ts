/** The Worker: ingest, an Iceberg REST catalog and an S3 gateway over one bucket, and a page that lists its tables. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { parseIdentifier } from 'icestream';
import { answerOf, type LoadRequest } from 'icestream/server';
import type { Environment } from './environment.ts';
import { type Lakehouse, lakehouse } from './lakehouse.ts';

export { CatalogObject } from 'icestream/server/durable-catalog';

let isolate: Lakehouse | null = null;

export default class extends WorkerEntrypoint<Environment> {
  override async fetch(request: Request): Promise<Response> {
    isolate ??= lakehouse(this.env);
    return isolate.app.fetch(request);
  }

  /**
   * For other Workers with a service binding to this one, which need no key:
   * `await env.LAKEHOUSE.append('web.visits', body, { contentType: 'text/csv' })`.
   */
  async append(
    table: string,
    body: ReadableStream<Uint8Array>,
    options: Pick<LoadRequest, 'contentType' | 'idempotencyKey' | 'create'>,
  ): Promise<Readonly<Record<string, unknown>>> {
    isolate ??= lakehouse(this.env);
    const identifier = parseIdentifier(table);
    return answerOf(identifier, await isolate.loads.append({ identifier, body, ...options }));
  }
}
