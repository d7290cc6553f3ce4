/** Calls of a connected catalog, as its operations make them. */
import { IcestreamError } from '../../errors.ts';
import type { CatalogCallOptions, ChangeOptions } from '../catalog.ts';
import type { RestAnswer, RestCall } from './client.ts';
import type { RestSession } from './connect.ts';

type ExtraHeaders = Readonly<Record<string, string>>;

export class RestCalls {
  readonly session: RestSession;

  constructor(session: RestSession) {
    this.session = session;
  }

  /** Whether the server remembers idempotency keys. */
  get isIdempotent(): boolean {
    return this.session.config.idempotencyKeyLifetimeMs !== null;
  }

  /** `endpoint`: as the server lists it; a server that lists none offers all. */
  offers(endpoint: string): boolean {
    const { endpoints } = this.session.config;
    return endpoints === null || endpoints.has(endpoint);
  }

  /** @throws IcestreamError UNSUPPORTED. */
  require(endpoint: string, what: string): void {
    if (this.offers(endpoint)) return;
    throw new IcestreamError('UNSUPPORTED', `catalog ${this.session.client.options.name} does not ${what}`);
  }

  call(
    method: RestCall['method'],
    path: string,
    operation: string,
    subject: string | null,
    { signal }: CatalogCallOptions,
    headers: ExtraHeaders = {},
  ): Promise<RestAnswer> {
    const { client } = this.session;
    return client.call({ method, path, operation, subject, headers, ...(signal === undefined ? {} : { signal }) });
  }

  /** A call that changes something: it is repeated only where the catalog remembers idempotency keys. */
  change(
    method: RestCall['method'],
    path: string,
    operation: string,
    subject: string,
    { signal, idempotencyKey }: ChangeOptions,
    body?: unknown,
    headers: ExtraHeaders = {},
  ): Promise<RestAnswer> {
    const { client, newKey } = this.session;
    const repeatable = this.isIdempotent;
    return client.call({
      method,
      path,
      operation,
      subject,
      repeatable,
      headers: repeatable ? { ...headers, 'idempotency-key': idempotencyKey ?? newKey() } : headers,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** What an answer is, for errors. */
  answerAbout(shown: string): string {
    return `the answer of catalog ${this.session.client.options.name} about ${shown}`;
  }
}
