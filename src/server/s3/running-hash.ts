/** Hashes over bytes as they pass: by the runtime where it can (Workers), else in JavaScript. */
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../../util/bytes.ts';
import { toHex } from '../../util/encoding.ts';

/** A checksum that is computed piece by piece. */
export interface RunningChecksum {
  update(bytes: Bytes): void | Promise<void>;
  digest(): Bytes | Promise<Bytes>;
}

/** WebCrypto knows no hash of a stream; workerd does (https://developers.cloudflare.com/workers/runtime-apis/web-crypto/). */
interface DigestStream extends WritableStream<Bytes> {
  readonly digest: Promise<ArrayBuffer>;
}

const IN_JAVASCRIPT = { 'SHA-256': sha256, 'SHA-1': sha1, MD5: md5 } as const;

export function runningHash(algorithm: keyof typeof IN_JAVASCRIPT): RunningChecksum {
  const { DigestStream } = crypto as { DigestStream?: new (algorithm: string) => DigestStream };
  if (DigestStream === undefined) {
    const hash = IN_JAVASCRIPT[algorithm].create();
    return { update: (bytes) => void hash.update(bytes), digest: () => Uint8Array.from(hash.digest()) };
  }
  const stream = new DigestStream(algorithm);
  const writer = stream.getWriter();
  return {
    update: (bytes) => writer.write(bytes),
    digest: async () => {
      await writer.close();
      return new Uint8Array(await stream.digest);
    },
  };
}

export async function hexDigest(running: RunningChecksum): Promise<string> {
  return toHex(await running.digest());
}
