/** DeleteObjects: up to a thousand in one request. */
import { childrenOf, childText } from '../../storage/s3/xml.ts';
import { readText } from './body.ts';
import { refusalOf, S3Refusal } from './errors.ts';
import type { Call } from './gateway.ts';
import { checkKey } from './request.ts';
import { allow } from './scope.ts';
import { readXml, xmlResponse } from './xml.ts';

const MAX_KEYS = 1000;
/** A thousand of the longest keys, escaped. */
const MAX_BODY_BYTES = 8 << 20;

export async function deleteObjects({ gateway: { bucket }, request, auth }: Call): Promise<Response> {
  const root = readXml(await readText(request.raw, auth, MAX_BODY_BYTES), 'Delete');
  const objects = childrenOf(root, 'Object');
  if (objects.length === 0 || objects.length > MAX_KEYS) {
    throw new S3Refusal('MalformedXML', `one request deletes 1 to ${MAX_KEYS} objects`);
  }
  const keys: string[] = [];
  const errors: { readonly Key: string; readonly Code: string; readonly Message: string }[] = [];
  const fail = (key: string, error: unknown) => {
    const { code, message } = refusalOf(error);
    errors.push({ Key: key, Code: code, Message: message });
  };
  for (const object of objects) {
    const key = childText(object, 'Key') ?? '';
    try {
      if (key === '') throw new S3Refusal('InvalidArgument', 'an object has a key');
      if (childText(object, 'VersionId') !== null || childText(object, 'ETag') !== null) {
        throw new S3Refusal('NotImplemented', 'objects are deleted by their keys alone');
      }
      allow(auth.grant, 'write', checkKey(key));
      keys.push(key);
    } catch (error) {
      fail(key, error);
    }
  }
  try {
    if (keys.length > 0) await bucket.delete(keys);
  } catch (error) {
    for (const key of keys.splice(0)) fail(key, error);
  }
  const isQuiet = childText(root, 'Quiet') === 'true';
  return xmlResponse('DeleteResult', { Deleted: isQuiet ? [] : keys.map((Key) => ({ Key })), Error: errors });
}
