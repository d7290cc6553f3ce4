/** The S3 gateway alone, as a Worker, for real clients. */
import { anyCredentials, s3App, staticCredentials, vendedCredentials } from 'icestream/server';
import type { R2BucketBinding } from 'icestream/storage/r2';

interface Environment {
  readonly BUCKET: R2BucketBinding;
  readonly SECRET_ACCESS_KEY: string;
  readonly VENDING_SECRET: string;
}

export default {
  fetch(request: Request, { BUCKET, SECRET_ACCESS_KEY, VENDING_SECRET }: Environment): Response | Promise<Response> {
    const credentials = anyCredentials(
      staticCredentials({ gateway: SECRET_ACCESS_KEY }),
      vendedCredentials(VENDING_SECRET, 'lake'),
    );
    return s3App({ bucket: BUCKET, name: 'lake', credentials }).fetch(request);
  },
};
