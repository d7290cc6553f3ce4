/** One put, plain or on a condition. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { uuidV4 } from '../../util/uuid.ts';
import type { S3Location } from '../s3/location.ts';
import type { PutCondition, PutOptions, UploadResult } from '../store.ts';
import { preconditionFailed, shown } from '../store-errors.ts';
import type { R2Condition, R2Object } from './binding.ts';
import type { R2Calls } from './calls.ts';

/** Whose object it is: when the answer to a conditional put was lost, what is in the way of its repetition may be our own. */
const TOKEN = 'icestream-put';

/** `onAmbiguous`: the object may be there although the call fails. */
export async function putObject(
  { binding, world, call }: R2Calls,
  { location, key }: S3Location,
  bytes: Bytes,
  options: PutOptions,
  onAmbiguous: () => void,
): Promise<UploadResult> {
  const { condition, contentType = 'application/octet-stream', signal } = options;
  const token = condition === undefined ? null : uuidV4(world);
  const put = {
    httpMetadata: { contentType },
    ...(token === null ? {} : { customMetadata: { [TOKEN]: token } }),
    ...(condition === undefined ? {} : { onlyIf: conditionOf(condition) }),
  };
  let lost = false;
  return call(location, signal, async () => {
    let stored: R2Object | null;
    try {
      stored = await binding.put(key, bytes, put);
    } catch (error) {
      lost = true;
      onAmbiguous();
      throw error;
    }
    if (stored !== null) return resultOf(location, stored, bytes.length);
    const there = lost && token !== null ? await binding.head(key) : null;
    if (there !== null && there.customMetadata?.[TOKEN] === token) return resultOf(location, there, bytes.length);
    throw preconditionFailed(location, condition && 'ifMatch' in condition ? 'it was replaced' : 'it exists already');
  });
}

/** Without the quotes that headers have. */
function conditionOf(condition: PutCondition): R2Condition {
  if ('ifNoneMatch' in condition) return { etagDoesNotMatch: condition.ifNoneMatch };
  return { etagMatches: condition.ifMatch.replace(/^"|"$/g, '') };
}

export function resultOf(location: string, { size, httpEtag }: R2Object, sizeBytes: number): UploadResult {
  if (size === sizeBytes) return { location, sizeBytes, etag: httpEtag };
  const file = shown(location);
  throw new IcestreamError('INVALID_RESPONSE', `${file} has ${size} bytes, but ${sizeBytes} were sent`, { file });
}
