import { crc32, crc32c } from '../../util/crc32.ts';
import { fromBase64, toBase64 } from '../../util/encoding.ts';
import { crc64 } from './crc64.ts';
import { S3Refusal } from './errors.ts';
import { type RunningChecksum, runningHash } from './running-hash.ts';

interface Algorithm {
  readonly sizeBytes: number;
  readonly start: () => RunningChecksum;
}

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['crc32', { sizeBytes: 4, start: () => running32(crc32) }],
  ['crc32c', { sizeBytes: 4, start: () => running32(crc32c) }],
  ['crc64nvme', { sizeBytes: 8, start: running64 }],
  ['sha1', { sizeBytes: 20, start: () => runningHash('SHA-1') }],
  ['sha256', { sizeBytes: 32, start: () => runningHash('SHA-256') }],
]);
const PREFIX = 'x-amz-checksum-';
/** Headers of the prefix that carry no checksum. */
const OTHER_HEADERS = new Set(['algorithm', 'mode', 'type']);
const CONTENT_MD5 = 'content-md5';
const MD5: Algorithm = { sizeBytes: 16, start: () => runningHash('MD5') };

/** A checksum that the body must have. */
export interface ExpectedChecksum {
  /** `x-amz-checksum-crc32`, …; it is answered with the checksum. */
  readonly header: string;
  readonly sizeBytes: number;
  readonly running: RunningChecksum;
  /** Base64; null until it comes after the body. */
  expected: string | null;
}

/**
 * @throws S3Refusal for an algorithm that is unknown here: what cannot be checked is not stored as if it had been; for
 * a value that is no checksum of its algorithm.
 */
export function expectedChecksums(headers: Headers): ExpectedChecksum[] {
  const trailing = trailerNames(headers).map((header) => awaited(header, algorithmOf(header)));
  const found: ExpectedChecksum[] = [];
  for (const [header, value] of headers) {
    if (!header.startsWith(PREFIX) || OTHER_HEADERS.has(header.slice(PREFIX.length))) continue;
    found.push(withValue(awaited(header, algorithmOf(header)), value));
  }
  const md5 = headers.get(CONTENT_MD5);
  if (md5 !== null) found.push(withValue(awaited(CONTENT_MD5, MD5), md5));
  return [...found, ...trailing];
}

/**
 * Notes the value that has come.
 * @throws S3Refusal with the codes of S3 when it is no checksum of its algorithm: InvalidDigest for Content-MD5, else
 * InvalidRequest.
 */
export function withValue(checksum: ExpectedChecksum, value: string): ExpectedChecksum {
  const { header, sizeBytes } = checksum;
  if (!isBase64Of(sizeBytes, value)) {
    const code = header === CONTENT_MD5 ? 'InvalidDigest' : 'InvalidRequest';
    throw new S3Refusal(code, `the value of ${header} must be base64 of ${sizeBytes} bytes`);
  }
  checksum.expected = value;
  return checksum;
}

/** @throws S3Refusal BadDigest; also for a checksum that was announced and did not come. */
export async function checkDigests(checksums: readonly ExpectedChecksum[]): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { header, running, expected } of checksums) {
    const digest = toBase64(await running.digest());
    if (expected === null) throw new S3Refusal('MalformedTrailerError', `${header} was announced and is not there`);
    if (expected !== digest) throw new S3Refusal('BadDigest', `the body does not have the checksum in ${header}`);
    digests.set(header, digest);
  }
  return digests;
}

function awaited(header: string, { sizeBytes, start }: Algorithm): ExpectedChecksum {
  return { header, sizeBytes, running: start(), expected: null };
}

function algorithmOf(header: string): Algorithm {
  const algorithm = ALGORITHMS.get(header.slice(PREFIX.length));
  if (algorithm !== undefined && header.startsWith(PREFIX)) return algorithm;
  throw new S3Refusal('InvalidRequest', `the checksum ${header.slice(0, 60)} is unknown here; take CRC32 or SHA256`);
}

/** Only the form that is compared later: padded, without spaces, no bits set that are none of the bytes. */
function isBase64Of(sizeBytes: number, text: string): boolean {
  try {
    const bytes = fromBase64(text);
    return bytes.length === sizeBytes && toBase64(bytes) === text;
  } catch {
    return false;
  }
}

function trailerNames(headers: Headers): string[] {
  const names = headers.get('x-amz-trailer') ?? '';
  return names
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

function running32(step: (bytes: Uint8Array, previous: number) => number): RunningChecksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = step(bytes, value);
    },
    digest: () => {
      const out = new Uint8Array(4);
      new DataView(out.buffer).setUint32(0, value);
      return out;
    },
  };
}

function running64(): RunningChecksum {
  let value = 0n;
  return {
    update: (bytes) => {
      value = crc64(bytes, value);
    },
    digest: () => {
      const out = new Uint8Array(8);
      new DataView(out.buffer).setBigUint64(0, value);
      return out;
    },
  };
}
