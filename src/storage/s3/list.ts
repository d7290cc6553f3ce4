/** ListObjectsV2, page by page. */
import { IcestreamError } from '../../errors.ts';
import type { ObjectStat } from '../store.ts';
import { shown } from '../store-errors.ts';
import type { S3Client } from './client.ts';
import type { S3Location } from './location.ts';
import { childrenOf, childText, parseXml, type XmlElement } from './xml.ts';

interface Page {
  readonly objects: readonly ObjectStat[];
  readonly next: string | null;
}

/** `prefix.key` may be empty; found locations are spelled as the prefix is. */
export async function* listObjects(
  client: S3Client,
  prefix: S3Location,
  signal?: AbortSignal,
): AsyncGenerator<ObjectStat> {
  const root = prefix.location.slice(0, prefix.location.length - prefix.key.length);
  let token: string | null = null;
  do {
    signal?.throwIfAborted();
    const page: Page = await listPage(client, prefix, root.endsWith('/') ? root : `${root}/`, token, signal);
    yield* page.objects;
    token = page.next;
  } while (token !== null);
}

async function listPage(
  client: S3Client,
  prefix: S3Location,
  root: string,
  token: string | null,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const call = {
    method: 'GET',
    ...prefix,
    key: null,
    query: {
      'list-type': '2',
      'encoding-type': 'url',
      prefix: prefix.key,
      'continuation-token': token ?? undefined,
    },
    ...(signal ? { signal } : {}),
  } as const;
  return client.send(call, async (response) => {
    const page = parseXml((await response.text()).trim());
    if (page.name !== 'ListBucketResult') throw unreadable(prefix);
    // Not every server does as asked: keys are encoded only when the answer says so.
    const encoded = childText(page, 'EncodingType') === 'url';
    const objects = childrenOf(page, 'Contents').map((entry) => statOf(entry, root, encoded, prefix));
    const more = childText(page, 'IsTruncated') === 'true';
    const next = childText(page, 'NextContinuationToken');
    if (more && (next === null || next === token)) throw unreadable(prefix);
    return { objects, next: more ? next : null };
  });
}

function statOf(entry: XmlElement, root: string, encoded: boolean, prefix: S3Location): ObjectStat {
  const key = childText(entry, 'Key');
  const sizeBytes = Number(childText(entry, 'Size') ?? Number.NaN);
  if (key === null || !Number.isSafeInteger(sizeBytes)) throw unreadable(prefix);
  const modified = Date.parse(childText(entry, 'LastModified') ?? '');
  return {
    location: root + (encoded ? decodeURIComponent(key.replaceAll('+', ' ')) : key),
    sizeBytes,
    etag: childText(entry, 'ETag'),
    lastModifiedMs: Number.isNaN(modified) ? null : modified,
  };
}

function unreadable({ location }: S3Location): IcestreamError {
  const file = shown(location);
  return new IcestreamError('INVALID_RESPONSE', `the list of ${file} is not what S3 sends; check the endpoint`, {
    file,
  });
}
