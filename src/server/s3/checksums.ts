import { crc32, crc32c } from '../../util/crc32.ts';
import { toBase64 } from '../../util/encoding.ts';
import { crc64 } from './crc64.ts';
import { S3Refusal } from './errors.ts';
import { type RunningChecksum, runningHash } from './running-hash.ts';

const ALGORITHMS: ReadonlyMap<string, () => RunningChecksum> = new Map([
  ['crc32', () => running32(crc32)],
  ['crc32c', () => running32(crc32c)],
  ['crc64nvme', running64],
  ['sha1', () => runningHash('SHA-1')],
  ['sha256', () => runningHash('SHA-256')],
]);
const PREFIX = 'x-amz-checksum-';
/** Headers of the prefix that carry no checksum. */
const OTHER_HEADERS = new Set(['algorithm', 'mode', 'type']);

/** A checksum that the body must have. */
export interface ExpectedChecksum {
  /** `x-amz-checksum-crc32`, …; it is answered with the checksum. */
  readonly header: string;
  readonly running: RunningChecksum;
  /** Base64; null until it comes after the body. */
  expected: string | null;
}

/** @throws S3Refusal for an algorithm that is unknown here: what cannot be checked is not stored as if it had been. */
export function expectedChecksums(headers: Headers): ExpectedChecksum[] {
  const found: ExpectedChecksum[] = [];
  for (const [header, expected] of headers) {
    if (!header.startsWith(PREFIX) || OTHER_HEADERS.has(header.slice(PREFIX.length))) continue;
    found.push({ header, running: start(header), expected });
  }
  for (const header of trailerNames(headers)) found.push({ header, running: start(header), expected: null });
  const md5Expected = headers.get('content-md5');
  if (md5Expected !== null) found.push({ header: 'content-md5', running: runningHash('MD5'), expected: md5Expected });
  return found;
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

function start(header: string): RunningChecksum {
  const algorithm = ALGORITHMS.get(header.slice(PREFIX.length));
  if (algorithm !== undefined && header.startsWith(PREFIX)) return algorithm();
  throw new S3Refusal('InvalidRequest', `the checksum ${header.slice(0, 60)} is unknown here; take CRC32 or SHA256`);
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
