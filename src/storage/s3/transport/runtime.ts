/** What some runtimes do better than by the web's own means; here, nothing. `runtime.node.ts` stands in for it. */
import type { Bytes } from '../../../util/bytes.ts';
import type { S3Transport } from './transport.ts';

/** Better than `fetch`. */
export const runtimeTransport: S3Transport | null = null;

/** Better than WebCrypto. */
export const runtimeSha256: ((bytes: Bytes) => Promise<Bytes>) | null = null;
