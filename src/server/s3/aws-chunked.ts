/**
 * Bodies of `Content-Encoding: aws-chunked`: chunks with their sizes, each signed or not, and at the end perhaps headers
 * with checksums (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../../util/bytes.ts';
import { toHex, utf8 } from '../../util/encoding.ts';
import { sameSecret } from '../constant-time.ts';
import type { Authenticated } from './authenticate.ts';
import { ByteReader } from './byte-reader.ts';
import { S3Refusal } from './errors.ts';
import { hexDigest, runningHash } from './running-hash.ts';
import { signature } from './sigv4.ts';

export interface AwsChunkedOptions {
  /** Each chunk is signed, from the signature of the request on; null: none is. */
  readonly chain: Authenticated['chain'] | null;
  /** Given the headers that follow the last chunk. */
  readonly onTrailers: (trailers: ReadonlyMap<string, string>) => void;
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const MAX_LINE_BYTES = 4096;
const MAX_TRAILERS = 16;
const SIGNATURE_TRAILER = 'x-amz-trailer-signature';

/**
 * The bytes of the chunks. They are yielded before the signature of their chunk is checked: what is made of them must
 * wait for the end.
 */
export async function* awsChunked(source: AsyncIterable<Bytes>, options: AwsChunkedOptions): AsyncGenerator<Bytes> {
  const reader = new ByteReader(source);
  const signatures = options.chain === null ? null : new SignatureChain(options.chain);
  for (;;) {
    const { size, claimed } = chunkHeader(await reader.line(MAX_LINE_BYTES));
    const hash = signatures === null ? null : runningHash('SHA-256');
    for (let left = size; left > 0; ) {
      const piece = await reader.some(left);
      await hash?.update(piece);
      left -= piece.length;
      yield piece;
    }
    if (hash !== null) await signatures?.checkChunk(await hexDigest(hash), claimed);
    if (size === 0) break;
    if ((await reader.line(MAX_LINE_BYTES)) !== '') throw malformed('a chunk is longer than it says');
  }
  const trailers = await readTrailers(reader);
  await signatures?.checkTrailers(trailers);
  trailers.delete(SIGNATURE_TRAILER);
  options.onTrailers(trailers);
}

function chunkHeader(line: string): { readonly size: number; readonly claimed: string } {
  const [, hex, claimed = ''] = /^([0-9a-fA-F]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line) ?? [];
  if (hex === undefined) throw malformed('a chunk does not begin with its size');
  return { size: Number.parseInt(hex, 16), claimed };
}

/** To the empty line, or the end: some clients leave that line out. */
async function readTrailers(reader: ByteReader): Promise<Map<string, string>> {
  const trailers = new Map<string, string>();
  while (!(await reader.isAtEnd())) {
    const line = await reader.line(MAX_LINE_BYTES);
    if (line === '') continue;
    const at = line.indexOf(':');
    if (at < 1 || trailers.size === MAX_TRAILERS) {
      throw new S3Refusal('MalformedTrailerError', 'what follows the last chunk are no headers');
    }
    trailers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  return trailers;
}

/** Each signature covers the one before it, so that no chunk can be left out or moved. */
class SignatureChain {
  readonly #chain: Authenticated['chain'];
  #previous: string;

  constructor(chain: Authenticated['chain']) {
    this.#chain = chain;
    this.#previous = chain.signature;
  }

  checkChunk(hash: string, claimed: string): Promise<void> {
    return this.#check('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, hash], claimed);
  }

  async checkTrailers(trailers: ReadonlyMap<string, string>): Promise<void> {
    const claimed = trailers.get(SIGNATURE_TRAILER);
    if (claimed === undefined && trailers.size === 0) return;
    const lines = [...trailers]
      .filter(([name]) => name !== SIGNATURE_TRAILER)
      .map(([name, value]) => `${name}:${value}\n`);
    await this.#check('AWS4-HMAC-SHA256-TRAILER', [toHex(sha256(utf8(lines.join(''))))], claimed ?? '');
  }

  async #check(algorithm: string, hashes: readonly string[], claimed: string): Promise<void> {
    const { key, amzDate, scope } = this.#chain;
    const expected = signature(key, algorithm, amzDate, scope, [this.#previous, ...hashes]);
    if (!(await sameSecret(expected, claimed))) {
      throw new S3Refusal('SignatureDoesNotMatch', 'the signature of a chunk of the body is not right');
    }
    this.#previous = expected;
  }
}

function malformed(why: string): S3Refusal {
  return new S3Refusal('IncompleteBody', `the body is not aws-chunked as it says: ${why}`);
}
