/** GetObject and HeadObject. */
import type { R2Body, R2BucketBinding, R2Object, R2Range } from '../../storage/r2/binding.ts';
import { readOutcome } from './conditions.ts';
import { noSuchKey, S3Refusal } from './errors.ts';
import type { Call } from './gateway.ts';
import { metadataHeaders, overrideHeaders } from './metadata.ts';
import { parseRange, rangeIn } from './range.ts';

export async function getObject({ gateway: { bucket }, request }: Call, key: string): Promise<Response> {
  const { headers } = request.raw;
  const isHead = request.method === 'HEAD';
  // Whether an If-Range holds is only known with the object; a range may always be ignored.
  const range = headers.has('if-range') ? null : parseRange(headers.get('range'));
  const found = isHead ? await bucket.head(key) : await openRange(bucket, key, range);
  if (found === null) throw noSuchKey();
  const body = isWithBody(found) ? found.body : null;

  const refuse = async (refusal: S3Refusal) => {
    await body?.cancel();
    throw refusal;
  };
  const outcome = readOutcome(headers, found);
  if (outcome === 'failed') return refuse(new S3Refusal('PreconditionFailed', 'the object is another one'));
  const answer = metadataHeaders(found);
  if (outcome === 'not modified') {
    await body?.cancel();
    return new Response(null, { status: 304, headers: answer });
  }
  try {
    overrideHeaders(answer, request.query);
  } catch (error) {
    await body?.cancel();
    throw error;
  }
  const { size } = found;
  const within = range === null ? { start: 0, end: size } : rangeIn(range, size);
  if (within === null || (body === null && !isHead)) {
    const details = { ActualObjectSize: String(size) };
    return refuse(
      new S3Refusal('InvalidRange', 'the object has none of these bytes', {
        details,
        headers: { 'content-range': `bytes */${size}` },
      }),
    );
  }
  const { start, end } = within;
  answer.set('content-length', String(end - start));
  if (range !== null) answer.set('content-range', `bytes ${start}-${end - 1}/${size}`);
  const init: StoredResponseInit = { status: range === null ? 200 : 206, headers: answer, encodeBody: 'manual' };
  return new Response(body, init);
}

/** workerd would compress the bytes of an object that says it is compressed once more, and a range of them as well. */
interface StoredResponseInit extends ResponseInit {
  readonly encodeBody: 'manual';
}

/**
 * An object's bytes; null: it is not there. Without a body: it has none of these bytes, which R2 takes for an error (its
 * simulator, for a failure).
 */
export async function openRange(bucket: R2BucketBinding, key: string, range: R2Range | null): Promise<R2Object | null> {
  if (range === null) return bucket.get(key);
  if ('suffix' in range && range.suffix === 0) return bucket.head(key);
  try {
    return await bucket.get(key, { range });
  } catch (error) {
    const found = await bucket.head(key);
    if (found === null || rangeIn(range, found.size) === null) return found;
    throw error;
  }
}

export function isWithBody(found: R2Object): found is R2Body {
  return 'body' in found;
}
