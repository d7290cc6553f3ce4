/** The Worker: ingest, an Iceberg REST catalog and an S3 gateway over one bucket, and a page that lists its tables. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { parseIdentifier } from 'icestream';
import { answerOf, type LoadRequest } from 'icestream/server';
import type { Environment } from './environment.ts';
import { type Lakehouse, lakehouse } from './lakehouse.ts';

export { CatalogObject } from 'icestream/server/durable-catalog';

let isolate: Lakehouse | null = null;
/** As the last caller over HTTP wrote it. */
let origin = '';

export default class extends WorkerEntrypoint<Environment> {
  override async fetch(request: Request): Promise<Response> {
    origin = new URL(request.url).origin;
    isolate ??= lakehouse(this.env, () => this.env.PUBLIC_URL || origin);
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
    isolate ??= lakehouse(this.env, () => this.env.PUBLIC_URL || origin);
    const identifier = parseIdentifier(table);
    return answerOf(identifier, await isolate.loads.append({ identifier, body, ...options }));
  }
}
