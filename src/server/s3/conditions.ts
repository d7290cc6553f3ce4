/** Preconditions of reads and writes (RFC 9110, section 13). */
import type { R2Condition, R2Object } from '../../storage/r2/binding.ts';
import { notImplemented, S3Refusal } from './errors.ts';

export type ReadOutcome = 'send' | 'not modified' | 'failed';

/** `prefix`: `x-amz-copy-source-` for the source of a copy. */
export function readOutcome(headers: Headers, { httpEtag, uploaded }: R2Object, prefix = ''): ReadOutcome {
  const ifMatch = headers.get(`${prefix}if-match`);
  const ifNoneMatch = headers.get(`${prefix}if-none-match`);
  const unmodifiedSince = Date.parse(headers.get(`${prefix}if-unmodified-since`) ?? '');
  const modifiedSince = Date.parse(headers.get(`${prefix}if-modified-since`) ?? '');
  // Headers have no fractions of a second.
  const uploadedMs = Math.floor(uploaded.getTime() / 1000) * 1000;
  if (ifMatch !== null ? !names(ifMatch, httpEtag) : uploadedMs > unmodifiedSince) return 'failed';
  if (ifNoneMatch !== null ? names(ifNoneMatch, httpEtag) : uploadedMs <= modifiedSince) return 'not modified';
  return 'send';
}

/** S3 knows two for writes: the object does not exist, or is the one with this etag. */
export function writeCondition(headers: Headers): R2Condition | null {
  const ifMatch = headers.get('if-match');
  const ifNoneMatch = headers.get('if-none-match');
  if (
    headers.has('if-modified-since') ||
    headers.has('if-unmodified-since') ||
    (ifMatch !== null && ifNoneMatch !== null)
  ) {
    throw notImplemented('this precondition for writes');
  }
  if (ifNoneMatch !== null) {
    if (ifNoneMatch.trim() === '*') return { etagDoesNotMatch: '*' };
    throw notImplemented('If-None-Match with an etag for writes: give *');
  }
  if (ifMatch === null) return null;
  const [etag, ...more] = etagsIn(ifMatch);
  if (etag === undefined || etag === '*' || more.length > 0)
    throw notImplemented('If-Match without one etag for writes');
  return { etagMatches: etag };
}

export function preconditionFailed(which: 'If-Match' | 'If-None-Match'): S3Refusal {
  const details = { Condition: which };
  return new S3Refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    details,
  });
}

function names(list: string, httpEtag: string): boolean {
  const [etag] = etagsIn(httpEtag);
  return etagsIn(list).some((one) => one === '*' || one === etag);
}

/** Without quotes; weak ones are compared as if they were not. */
function etagsIn(list: string): string[] {
  return list.split(',').map((one) => one.trim().replace(/^(W\/)?"?|"$/g, ''));
}
