/** Which operation of S3 a request is, and what it may touch. */
import { deleteObjects } from './delete-objects.ts';
import { notImplemented, S3Refusal } from './errors.ts';
import type { Call } from './gateway.ts';
import { getObject } from './get-object.ts';
import { listObjects } from './list-objects.ts';
import { listMultipartUploads, listUploadParts } from './list-uploads.ts';
import { abortUpload, completeUpload, createUpload, uploadPart, uploadPartCopy } from './multipart.ts';
import { copyObject, deleteObject, putObject } from './put-object.ts';
import { checkKey } from './request.ts';
import { allow } from './scope.ts';
import { xmlResponse } from './xml.ts';

/** Parameters that name another operation than the plain one; those that are not here change nothing about which it is. */
const SUBRESOURCES = [
  ...['accelerate', 'acl', 'analytics', 'attributes', 'cors', 'encryption', 'intelligent-tiering', 'inventory'],
  ...['legal-hold', 'lifecycle', 'logging', 'metrics', 'notification', 'object-lock', 'ownershipControls', 'policy'],
  ...[
    'policyStatus',
    'publicAccessBlock',
    'replication',
    'requestPayment',
    'restore',
    'retention',
    'select',
    'tagging',
  ],
  ...['torrent', 'versionId', 'versioning', 'versions', 'website', 'append', 'renameObject'],
];

export async function carryOut(call: Call): Promise<Response> {
  const { gateway, request } = call;
  const { bucket, key, query } = request;
  const other = SUBRESOURCES.find((name) => query.has(name));
  if (other !== undefined) throw notImplemented(`?${other}`);
  if (bucket === null) return onService(call);
  if (bucket !== gateway.name) throw new S3Refusal('NoSuchBucket', 'this gateway serves another bucket');
  return key === null ? onBucket(call) : onObject(call, checkKey(key));
}

async function onService({ gateway, request, auth }: Call): Promise<Response> {
  if (request.method !== 'GET') throw notAllowed(request.method);
  allow(auth.grant, 'read', '');
  return xmlResponse('ListAllMyBucketsResult', {
    Owner: { ID: 'icestream', DisplayName: 'icestream' },
    Buckets: { Bucket: { Name: gateway.name, CreationDate: new Date(0).toISOString() } },
  });
}

async function onBucket(call: Call): Promise<Response> {
  const { gateway, request } = call;
  const { method, query } = request;
  if (method === 'HEAD') return new Response(null, { headers: { 'x-amz-bucket-region': gateway.region } });
  if (method === 'GET' && query.has('location')) return xmlResponse('LocationConstraint', gateway.region);
  if (method === 'GET' && query.has('uploads')) return listMultipartUploads(call);
  if (method === 'GET') return listObjects(call);
  if (method === 'POST' && query.has('delete')) return deleteObjects(call);
  if (method === 'POST') throw notImplemented('uploads by forms');
  if (method === 'PUT')
    throw new S3Refusal('BucketAlreadyOwnedByYou', 'the bucket is there, the only one of this gateway');
  if (method === 'DELETE') throw notImplemented('deleting the bucket');
  throw notAllowed(method);
}

async function onObject(call: Call, key: string): Promise<Response> {
  const { request, auth } = call;
  const { method, query, raw } = request;
  const uploadId = query.get('uploadId');
  const reads = method === 'GET' || method === 'HEAD';
  allow(auth.grant, reads ? 'read' : 'write', key);
  if (method === 'GET' && uploadId !== undefined) return listUploadParts(call, key, uploadId);
  if (reads && query.has('partNumber')) throw notImplemented('reading one part of an object');
  if (reads) return getObject(call, key);
  const copies = raw.headers.has('x-amz-copy-source');
  if (method === 'PUT' && uploadId !== undefined) {
    return copies ? uploadPartCopy(call, key, uploadId) : uploadPart(call, key, uploadId);
  }
  if (method === 'PUT') return copies ? copyObject(call, key) : putObject(call, key);
  if (method === 'POST' && query.has('uploads')) return createUpload(call, key);
  if (method === 'POST' && uploadId !== undefined) return completeUpload(call, key, uploadId);
  if (method === 'DELETE') return uploadId === undefined ? deleteObject(call, key) : abortUpload(call, key, uploadId);
  throw notAllowed(method);
}

function notAllowed(method: string): S3Refusal {
  return new S3Refusal('MethodNotAllowed', `${method.slice(0, 20)} is not allowed here`);
}
