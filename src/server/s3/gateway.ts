/** What every operation is given. */
import type { R2BucketBinding } from '../../storage/r2/binding.ts';
import type { Authenticated } from './authenticate.ts';
import type { S3Request } from './request.ts';

export interface Gateway {
  readonly bucket: R2BucketBinding;
  readonly name: string;
  readonly region: string;
  readonly maxCopyBytes: number;
}

/** One request to one gateway, signature checked. */
export interface Call {
  readonly gateway: Gateway;
  readonly request: S3Request;
  readonly auth: Authenticated;
}

/** R2's limit of one put and of one part: 5 GiB less 5 MiB. */
export const MAX_PUT_BYTES = 5 * 2 ** 30 - 5 * 2 ** 20;
