/**
 * What is used of a Worker's R2 binding (https://developers.cloudflare.com/r2/api/workers/workers-api-reference/): the
 * `R2Bucket` of Cloudflare's own types fits, so they need not be installed.
 */
import type { Bytes } from '../../util/bytes.ts';

export interface R2Object {
  readonly key: string;
  readonly size: number;
  /** In quotes, as headers have it. */
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly customMetadata?: Readonly<Record<string, string>>;
}

export interface R2Body extends R2Object {
  readonly body: ReadableStream;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface R2WriteOptions {
  readonly httpMetadata?: { readonly contentType?: string };
  readonly customMetadata?: Record<string, string>;
}

/** Without quotes; `*` stands for any. */
export interface R2Condition {
  readonly etagMatches?: string;
  readonly etagDoesNotMatch?: string;
}

export interface R2Part {
  readonly partNumber: number;
  readonly etag: string;
}

export interface R2Upload {
  readonly uploadId: string;
  uploadPart(partNumber: number, value: Bytes): Promise<R2Part>;
  abort(): Promise<void>;
  complete(parts: R2Part[]): Promise<R2Object>;
}

export interface R2Listing {
  readonly objects: readonly R2Object[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

export interface R2BucketBinding {
  head(key: string): Promise<R2Object | null>;
  get(key: string, options?: { range?: { offset: number; length?: number } }): Promise<R2Body | null>;
  /** Null: the condition was not met. */
  put(key: string, value: Bytes, options?: R2WriteOptions & { onlyIf?: R2Condition }): Promise<R2Object | null>;
  delete(keys: string[]): Promise<void>;
  list(options: { prefix: string; cursor?: string; limit?: number }): Promise<R2Listing>;
  createMultipartUpload(key: string, options?: R2WriteOptions): Promise<R2Upload>;
  resumeMultipartUpload(key: string, uploadId: string): R2Upload;
}
