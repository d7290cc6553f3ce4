/** How a signed request is sent. */
import type { Bytes } from '../../../util/bytes.ts';
import type { World } from '../../../util/world.ts';

export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** Not changed until the call has settled, and free to be changed afterwards. */
  readonly body: Bytes | null;
  readonly signal: AbortSignal;
}

/** Resolves when the status and headers are there; redirects are not followed. Rejects when no answer comes. */
export type S3Transport = (request: OutgoingRequest) => Promise<Response>;

/** By the world's `fetch`, which copies the body. */
export function fetchTransport(world: Pick<World, 'fetch'>): S3Transport {
  // Not `redirect: 'error'`: workerd does not have it. A redirect that is not followed is an error of `errorOf`.
  return async ({ url, ...init }) => world.fetch(new Request(url, { ...init, redirect: 'manual' }));
}
