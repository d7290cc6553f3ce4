/** ListMultipartUploads and ListParts, from the gateway's records. */
import { noSuchUpload, notImplemented } from './errors.ts';
import type { Call } from './gateway.ts';
import { encoder } from './list-objects.ts';
import { wholeNumber } from './request.ts';
import { allow } from './scope.ts';
import { hasUpload, listParts, listUploads } from './upload-records.ts';
import { xmlResponse } from './xml.ts';

const MAX_RESULTS = 1000;

export async function listMultipartUploads({ gateway, request: { query }, auth }: Call): Promise<Response> {
  const prefix = query.get('prefix') ?? '';
  allow(auth.grant, 'read', prefix);
  if (query.get('delimiter')) throw notImplemented('a delimiter in lists of uploads');
  const encode = encoder(query.get('encoding-type'));
  const limit = limitOf('max-uploads', query.get('max-uploads'));
  const key = query.get('key-marker') || null;
  const uploadId = query.get('upload-id-marker') || null;
  if (key !== null && uploadId === null) throw notImplemented('key-marker without upload-id-marker');
  const after = key === null || uploadId === null ? null : { key, uploadId };
  const { records, truncated } = await listUploads(gateway.bucket, prefix, limit, after);
  const last = truncated ? records.at(-1) : undefined;
  return xmlResponse('ListMultipartUploadsResult', {
    Bucket: gateway.name,
    KeyMarker: encode(key ?? ''),
    UploadIdMarker: uploadId ?? '',
    NextKeyMarker: last === undefined ? null : encode(last.key),
    NextUploadIdMarker: last?.uploadId,
    Prefix: encode(prefix),
    EncodingType: query.get('encoding-type'),
    MaxUploads: limit,
    IsTruncated: truncated,
    Upload: records.map((record) => ({
      Key: encode(record.key),
      UploadId: record.uploadId,
      StorageClass: 'STANDARD',
      Initiated: record.initiated.toISOString(),
    })),
  });
}

export async function listUploadParts({ gateway, request }: Call, key: string, uploadId: string): Promise<Response> {
  const { bucket, name } = gateway;
  const limit = limitOf('max-parts', request.query.get('max-parts'));
  const after = wholeNumber('part-number-marker', request.query.get('part-number-marker') || null, 10_000) ?? 0;
  if (!(await hasUpload(bucket, key, uploadId))) {
    throw noSuchUpload();
  }
  const { records, truncated } = await listParts(bucket, uploadId, limit, after);
  return xmlResponse('ListPartsResult', {
    Bucket: name,
    Key: key,
    UploadId: uploadId,
    PartNumberMarker: after,
    NextPartNumberMarker: truncated ? records.at(-1)?.partNumber : null,
    MaxParts: limit,
    IsTruncated: truncated,
    StorageClass: 'STANDARD',
    Part: records.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: part.uploaded.toISOString(),
      ETag: `"${part.etag}"`,
      Size: part.sizeBytes,
    })),
  });
}

function limitOf(name: string, text: string | undefined): number {
  return Math.max(1, Math.min(wholeNumber(name, text || null, 2 ** 31 - 1) ?? MAX_RESULTS, MAX_RESULTS));
}
