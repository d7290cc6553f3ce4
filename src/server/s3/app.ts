/** One R2 bucket, over its binding, for any client of S3. */

import { Hono } from 'hono';
import { cors } from 'hono/cors';
import type { R2BucketBinding } from '../../storage/r2/binding.ts';
import { toHex } from '../../util/encoding.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import { logError, type OnError } from '../on-error.ts';
import { authenticate } from './authenticate.ts';
import type { S3CredentialsLookup } from './credentials.ts';
import { refusalOf, type S3Refusal } from './errors.ts';
import { MAX_PUT_BYTES } from './gateway.ts';
import { carryOut } from './operations.ts';
import { type IncomingRequest, parseRequest } from './request.ts';
import { errorXml } from './xml.ts';

export interface S3AppOptions {
  /** The binding: `env.BUCKET`. */
  readonly bucket: R2BucketBinding;
  /** The bucket's name, as clients say it: `http://host/name/key` (path style only). */
  readonly name: string;
  /** Who may do what: `staticCredentials`, `vendedCredentials`, both by `anyCredentials`, or a lookup of your own. */
  readonly credentials: S3CredentialsLookup;
  /** The region that requests are signed for. Default `auto`, as at R2, which `us-east-1` stands for too. */
  readonly region?: string;
  /** The path that the app is mounted at, as `/s3`: clients sign it. Default: none. */
  readonly basePath?: string;
  /** Pages that may call from a browser, as `https://app.example`. Default: none. */
  readonly origins?: readonly string[];
  /** What one copy may have; larger objects are copied in parts. Default: R2's limit, 5 GiB less 5 MiB. */
  readonly maxCopyBytes?: number;
  readonly world?: Pick<World, 'now' | 'randomBytes'>;
  /** Told of errors that no client caused, of which clients see `InternalError` only. Default: `console.error`. */
  readonly onError?: OnError;
}

const OPTIONS: OptionNames<S3AppOptions> = {
  bucket: true,
  name: true,
  credentials: true,
  region: true,
  basePath: true,
  origins: true,
  maxCopyBytes: true,
  world: true,
  onError: true,
};

/**
 * PutObject, GetObject, HeadObject, DeleteObject(s), CopyObject, ListObjectsV2, multipart uploads with copies of parts,
 * HeadBucket, GetBucketLocation and ListBuckets. Bodies are streamed and stored only when their hash, signatures and
 * checksums are right. What is not offered is answered `NotImplemented`, never left out in silence.
 *
 * It answers every path under `basePath`: mount it last, or under a path of its own. Objects under
 * `.icestream-uploads/` are its records of open uploads.
 * @throws TypeError for an option that there is not, or that cannot be.
 */
export function s3App(options: S3AppOptions): Hono {
  requireKnownOptions('s3App', options, OPTIONS);
  const {
    bucket,
    name,
    credentials,
    region = 'auto',
    basePath = '',
    origins = [],
    world = defaultWorld,
    onError = logError,
  } = options;
  if (basePath !== '' && !/^(\/[^/]+)+$/.test(basePath)) throw new TypeError('`basePath` is like /s3');
  const gateway = { bucket, name, region, maxCopyBytes: options.maxCopyBytes ?? MAX_PUT_BYTES };
  const app = new Hono();
  if (origins.length > 0) {
    app.use(
      cors({
        origin: [...origins],
        allowMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
        exposeHeaders: ['etag', 'content-range', 'accept-ranges', 'last-modified', 'x-amz-request-id'],
        maxAge: 3600,
      }),
    );
  }
  app.all('*', async ({ req: { raw } }) => {
    const requestId = toHex(world.randomBytes(8)).toUpperCase();
    let response: Response;
    try {
      const request = parseRequest(raw, basePath);
      const auth = await authenticate(request, { credentials, region, nowMs: world.now() });
      response = await carryOut({ gateway, request, auth });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code === 'InternalError') onError(error, { method: raw.method, path: new URL(raw.url).pathname });
      response = refused(refusal, raw, requestId);
    }
    response.headers.set('x-amz-request-id', requestId);
    return response;
  });
  return app;
}

function refused(refusal: S3Refusal, { method, url }: IncomingRequest, requestId: string): Response {
  const headers = { ...refusal.headers, 'content-type': 'application/xml' };
  const body = method === 'HEAD' ? null : errorXml(refusal, new URL(url).pathname, requestId);
  return new Response(body, { status: refusal.status, headers });
}
