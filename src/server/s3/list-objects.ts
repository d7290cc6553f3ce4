/** ListObjectsV2. */
import type { R2Listing, R2Object } from '../../storage/r2/binding.ts';
import { fromBase64, toBase64, utf8 } from '../../util/encoding.ts';
import { notImplemented, S3Refusal } from './errors.ts';
import type { Call } from './gateway.ts';
import { wholeNumber } from './request.ts';
import { allow } from './scope.ts';
import { encodeStrictly } from './sigv4.ts';
import { isReserved } from './upload-records.ts';
import { type XmlContent, xmlResponse } from './xml.ts';

const MAX_KEYS = 1000;

export async function listObjects({ gateway, request: { query }, auth }: Call): Promise<Response> {
  if (query.get('list-type') !== '2') throw notImplemented('ListObjects of version 1; take ListObjectsV2');
  const prefix = query.get('prefix') ?? '';
  allow(auth.grant, 'read', prefix);
  const delimiter = query.get('delimiter') || undefined;
  const startAfter = query.get('start-after') || undefined;
  const token = query.get('continuation-token');
  const limit = Math.min(wholeNumber('max-keys', query.get('max-keys'), 2 ** 31 - 1) ?? MAX_KEYS, MAX_KEYS);
  const encode = encoder(query.get('encoding-type'));

  const objects: R2Object[] = [];
  const prefixes: string[] = [];
  let cursor = token === undefined ? undefined : cursorOf(token);
  let more = limit > 0;
  while (more) {
    const page: R2Listing = await gateway.bucket.list({
      prefix,
      limit,
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(cursor === undefined ? (startAfter === undefined ? {} : { startAfter }) : { cursor }),
    });
    objects.push(...page.objects.filter(({ key }) => !isReserved(key)));
    prefixes.push(...(page.delimitedPrefixes ?? []).filter((one) => !isReserved(one)));
    cursor = page.truncated ? page.cursor : undefined;
    // A page of nothing but the gateway's own records would look like an end to some clients.
    more = cursor !== undefined && objects.length + prefixes.length === 0;
  }
  // No keys were asked for: the same token again would lead nowhere.
  if (limit === 0) cursor = undefined;
  return xmlResponse('ListBucketResult', {
    Name: gateway.name,
    Prefix: encode(prefix),
    Delimiter: delimiter === undefined ? null : encode(delimiter),
    StartAfter: startAfter === undefined ? null : encode(startAfter),
    ContinuationToken: token,
    NextContinuationToken: cursor === undefined ? null : toBase64(utf8(cursor)),
    KeyCount: objects.length + prefixes.length,
    MaxKeys: limit,
    EncodingType: query.get('encoding-type'),
    IsTruncated: cursor !== undefined,
    Contents: objects.map((object) => contentsOf(object, encode)),
    CommonPrefixes: prefixes.map((one) => ({ Prefix: encode(one) })),
  });
}

export function encoder(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined) return (text) => text;
  if (encodingType !== 'url') throw new S3Refusal('InvalidArgument', 'the only encoding-type is url');
  return (text) => text.split('/').map(encodeStrictly).join('/');
}

function contentsOf({ key, uploaded, httpEtag, size }: R2Object, encode: (text: string) => string): XmlContent {
  return {
    Key: encode(key),
    LastModified: uploaded.toISOString(),
    ETag: httpEtag,
    Size: size,
    StorageClass: 'STANDARD',
  };
}

/** R2's own cursor, in letters that every client hands back unchanged. */
function cursorOf(token: string): string {
  try {
    const cursor = new TextDecoder('utf-8', { fatal: true }).decode(fromBase64(token));
    if (cursor === '') throw new TypeError('it is empty');
    return cursor;
  } catch {
    throw new S3Refusal('InvalidArgument', 'the continuation token is not right');
  }
}
