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
  readonly httpMetadata?: R2HttpMetadata;
  readonly customMetadata?: Readonly<Record<string, string>>;
}

export interface R2HttpMetadata {
  readonly contentType?: string;
  readonly contentLanguage?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
  readonly cacheExpiry?: Date;
}

/** A stream must have a known length: `FixedLengthStream`, or the body of an object. */
export type R2Value = Bytes | ReadableStream;

export interface R2Body extends R2Object {
  readonly body: ReadableStream;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface R2WriteOptions {
  readonly httpMetadata?: R2HttpMetadata;
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
  uploadPart(partNumber: number, value: R2Value): Promise<R2Part>;
  abort(): Promise<void>;
  complete(parts: R2Part[]): Promise<R2Object>;
}

export interface R2Listing {
  readonly objects: readonly R2Object[];
  readonly truncated: boolean;
  readonly cursor?: string;
  /** Only where a delimiter was given. */
  readonly delimitedPrefixes?: readonly string[];
}

export interface R2ListOptions {
  readonly prefix: string;
  readonly cursor?: string;
  /** At most 1,000, the default. */
  readonly limit?: number;
  readonly delimiter?: string;
  readonly startAfter?: string;
  readonly include?: 'customMetadata'[];
}

/** The last is what an object ends with. */
export type R2Range = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

export interface R2BucketBinding {
  head(key: string): Promise<R2Object | null>;
  get(key: string, options?: { range?: R2Range }): Promise<R2Body | null>;
  /** Null: the condition was not met. */
  put(key: string, value: R2Value, options?: R2WriteOptions & { onlyIf?: R2Condition }): Promise<R2Object | null>;
  delete(keys: string[]): Promise<void>;
  list(options: R2ListOptions): Promise<R2Listing>;
  createMultipartUpload(key: string, options?: R2WriteOptions): Promise<R2Upload>;
  resumeMultipartUpload(key: string, uploadId: string): R2Upload;
}
