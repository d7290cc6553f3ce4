/** A request's body, checked against everything the client said of it before its last bytes are let go. */
import type { Bytes } from '../../util/bytes.ts';
import type { Authenticated } from './authenticate.ts';
import { awsChunked } from './aws-chunked.ts';
import { cutOff } from './byte-reader.ts';
import { checkDigests, expectedChecksums, withValue } from './checksums.ts';
import { S3Refusal } from './errors.ts';
import { type IncomingRequest, wholeNumber } from './request.ts';
import { hexDigest, runningHash } from './running-hash.ts';

export interface IncomingBody {
  readonly sizeBytes: number;
  /**
   * Read once. The last piece comes only when length, hash, signatures and checksums are right; else the iteration
   * throws an S3Refusal.
   */
  readonly pieces: AsyncIterable<Bytes>;
  /** Checked checksums by their headers, once all pieces were read. */
  readonly checksums: () => ReadonlyMap<string, string>;
}

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const PIECE_BYTES = 64 << 10;
/** Kinds of body that come in chunks, and whether each chunk is signed. */
const STREAMING: ReadonlyMap<string, { readonly signed: boolean }> = new Map([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { signed: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { signed: true }],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { signed: false }],
]);

/** @throws S3Refusal EntityTooLarge before anything is read. */
export function incomingBody({ body, headers }: IncomingRequest, auth: Authenticated, maxBytes: number): IncomingBody {
  const streaming = STREAMING.get(auth.payload);
  const isHash = /^[0-9a-f]{64}$/.test(auth.payload);
  if (streaming === undefined && !isHash && auth.payload !== UNSIGNED) {
    throw new S3Refusal('InvalidArgument', 'x-amz-content-sha256 is a SHA-256 in hex, or a kind of body known here');
  }
  const lengthHeader = streaming === undefined ? 'content-length' : 'x-amz-decoded-content-length';
  const sizeBytes = wholeNumber(lengthHeader, headers.get(lengthHeader), Number.MAX_SAFE_INTEGER);
  if (sizeBytes === null) throw new S3Refusal('MissingContentLength', `the request needs the header ${lengthHeader}`);
  if (sizeBytes > maxBytes) throw new S3Refusal('EntityTooLarge', `the body may have at most ${maxBytes} bytes`);

  const expected = expectedChecksums(headers);
  const sha256 = isHash ? runningHash('SHA-256') : null;
  let checksums: ReadonlyMap<string, string> = new Map();
  const onTrailers = (trailers: ReadonlyMap<string, string>) => {
    const awaited = new Map(expected.filter((one) => one.expected === null).map((one) => [one.header, one]));
    for (const [header, value] of trailers) {
      const checksum = awaited.get(header);
      if (checksum === undefined) throw new S3Refusal('MalformedTrailerError', 'a trailing header was not announced');
      withValue(checksum, value);
    }
  };
  const received = piecesOf(body);
  const decoded =
    streaming === undefined
      ? received
      : awsChunked(received, { chain: streaming.signed ? auth.chain : null, onTrailers });

  const checked = async function* (): AsyncGenerator<Bytes> {
    let held: Bytes | null = null;
    let size = 0;
    for await (const piece of decoded) {
      if (piece.length === 0) continue;
      size += piece.length;
      if (size > sizeBytes) throw new S3Refusal('IncompleteBody', `the body is longer than ${lengthHeader} says`);
      await sha256?.update(piece);
      for (const { running } of expected) await running.update(piece);
      if (held !== null) yield held;
      held = piece;
    }
    if (size < sizeBytes) throw cutOff();
    if (sha256 !== null && (await hexDigest(sha256)) !== auth.payload) {
      throw new S3Refusal('XAmzContentSHA256Mismatch', 'the body does not have the hash in x-amz-content-sha256');
    }
    checksums = await checkDigests(expected);
    if (held !== null) yield held;
  };

  return { sizeBytes, pieces: checked(), checksums: () => checksums };
}

/** The whole of a small body. */
export async function readText(request: IncomingRequest, auth: Authenticated, maxBytes: number): Promise<string> {
  const { pieces } = incomingBody(request, auth, maxBytes);
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}

/** A connection that breaks off is the client's matter, not a failure of the gateway. */
async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Bytes> {
  if (body === null) return;
  const { cancel, read } = pieceReader(body);
  try {
    for (;;) {
      const next = await read().catch(() => {
        throw cutOff();
      });
      if (next.done) return;
      yield next.value as Bytes;
    }
  } finally {
    await cancel().catch(() => {});
  }
}

/** Bodies from the network can be asked for large pieces: workerd gives 4 KiB at a time otherwise. */
function pieceReader(body: ReadableStream<Uint8Array>) {
  try {
    const reader = body.getReader({ mode: 'byob' });
    return { cancel: () => reader.cancel(), read: () => reader.read(new Uint8Array(PIECE_BYTES)) };
  } catch {
    const reader = body.getReader();
    return { cancel: () => reader.cancel(), read: () => reader.read() };
  }
}
