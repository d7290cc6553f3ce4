/**
 * What the binding does not list: open multipart uploads and their parts. Each is a small object of the bucket, under a
 * prefix that listings leave out and that no request reaches.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { R2BucketBinding, R2Object } from '../../storage/r2/binding.ts';
import { toHex, utf8 } from '../../util/encoding.ts';

const RESERVED = '.icestream-uploads/';
const UPLOADS = `${RESERVED}open/`;
const PARTS = `${RESERVED}parts/`;
/** Keys of R2 have at most 1,024 bytes, those of records included. */
export const MAX_UPLOAD_KEY_BYTES = 1024 - UPLOADS.length - 33;

export interface UploadRecord {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}

export interface PartRecord {
  readonly partNumber: number;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly uploaded: Date;
}

export interface RecordPage<T> {
  readonly records: readonly T[];
  readonly truncated: boolean;
}

/** Keys that are the gateway's own; a common prefix is one too. */
export function isReserved(key: string): boolean {
  return key.startsWith(RESERVED);
}

export async function recordUpload(bucket: R2BucketBinding, key: string, uploadId: string): Promise<void> {
  await bucket.put(uploadName(key, uploadId), new Uint8Array(), { customMetadata: { uploadId } });
}

export async function hasUpload(bucket: R2BucketBinding, key: string, uploadId: string): Promise<boolean> {
  return (await bucket.head(uploadName(key, uploadId))) !== null;
}

/** In the order of their names, which is that of their keys but where one key is the folder of another. */
export async function listUploads(
  bucket: R2BucketBinding,
  prefix: string,
  limit: number,
  after: Pick<UploadRecord, 'key' | 'uploadId'> | null,
): Promise<RecordPage<UploadRecord>> {
  const startAfter = after === null ? undefined : uploadName(after.key, after.uploadId);
  const page = await list(bucket, UPLOADS + prefix, limit, startAfter);
  return { records: page.objects.map(uploadOf), truncated: page.truncated };
}

export async function recordPart(
  bucket: R2BucketBinding,
  uploadId: string,
  { partNumber, etag, sizeBytes }: Omit<PartRecord, 'uploaded'>,
): Promise<void> {
  const customMetadata = { etag, size: String(sizeBytes) };
  await bucket.put(partName(uploadId, partNumber), new Uint8Array(), { customMetadata });
}

/** In the order of their numbers, after `after`. */
export async function listParts(
  bucket: R2BucketBinding,
  uploadId: string,
  limit: number,
  after: number,
): Promise<RecordPage<PartRecord>> {
  const page = await list(bucket, partName(uploadId, null), limit, partName(uploadId, after));
  return { records: page.objects.map(partOf), truncated: page.truncated };
}

/** Once an upload has ended. */
export async function forgetUpload(bucket: R2BucketBinding, key: string, uploadId: string): Promise<void> {
  for (let more = true; more; ) {
    const page = await bucket.list({ prefix: partName(uploadId, null) });
    if (page.objects.length > 0) await bucket.delete(page.objects.map((object) => object.key));
    more = page.truncated;
  }
  await bucket.delete([uploadName(key, uploadId)]);
}

function list(bucket: R2BucketBinding, prefix: string, limit: number, startAfter: string | undefined) {
  const from = startAfter === undefined ? {} : { startAfter };
  return bucket.list({ prefix, limit, include: ['customMetadata'], ...from });
}

function uploadName(key: string, uploadId: string): string {
  return `${UPLOADS}${key}/${hashOf(uploadId)}`;
}

function uploadOf({ key, customMetadata, uploaded }: R2Object): UploadRecord {
  return {
    key: key.slice(UPLOADS.length, key.lastIndexOf('/')),
    uploadId: customMetadata?.['uploadId'] ?? '',
    initiated: uploaded,
  };
}

/** `null`: what the names of all parts begin with. */
function partName(uploadId: string, partNumber: number | null): string {
  return `${PARTS}${hashOf(uploadId)}/${partNumber === null ? '' : String(partNumber).padStart(5, '0')}`;
}

function partOf({ key, customMetadata, uploaded }: R2Object): PartRecord {
  return {
    partNumber: Number(key.slice(-5)),
    etag: customMetadata?.['etag'] ?? '',
    sizeBytes: Number(customMetadata?.['size'] ?? 0),
    uploaded,
  };
}

/** R2's ids of uploads are long. */
function hashOf(uploadId: string): string {
  return toHex(sha256(utf8(uploadId)).subarray(0, 16));
}
