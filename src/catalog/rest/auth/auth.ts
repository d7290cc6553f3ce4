/** The contract of catalog authentication: how a request to a REST catalog proves who sends it. */
import type { World } from '../../../util/world.ts';
import type { Secrets } from '../scrub.ts';

/** A request about to be sent; `body` is whole, so that it can be signed and sent again. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string | null;
}

/** What an authentication may use; `secrets` learns every secret that must not reach a message. */
export interface AuthContext {
  readonly world: World;
  readonly secrets: Secrets;
  /** The catalog's base URI, without a trailing slash. */
  readonly catalogUri: string;
  readonly signal?: AbortSignal;
}

/** An answer that refused the credentials. */
export interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  /** The request that was refused, as it was sent. */
  readonly request: OutgoingRequest;
}

/** One way to authenticate. An instance holds the state of one catalog's session. */
export interface RestAuth {
  /** For messages: `none`, `bearer`, `oauth2`, `sigv4`. */
  readonly kind: string;
  /** The request with what proves its sender. Called for every send, so that nothing stale is sent. */
  authorize(request: OutgoingRequest, context: AuthContext): Promise<OutgoingRequest>;
  /** After a 401, 403 or 419: whether something was renewed, so that the same request is worth one more send. */
  renew(refusal: Refusal, context: AuthContext): Promise<boolean>;
  /** What a person can do about a refusal, for the end of a message. */
  readonly advice: string;
}

/** The request with one header set. */
export function withHeader(request: OutgoingRequest, name: string, value: string): OutgoingRequest {
  const headers = new Headers(request.headers);
  headers.set(name, value);
  return { ...request, headers };
}
