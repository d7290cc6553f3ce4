/** Text in UTF-16, recognised by its byte order mark, as UTF-8; a UTF-8 mark is left out. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { utf8 } from '../util/encoding.ts';
import { ByteStream } from './byte-stream.ts';
import type { OpenSourceOptions } from './source.ts';

/** Takes over the stream; UTF-8 without a mark comes back as it is. */
export async function toUtf8(stream: ByteStream, open: OpenSourceOptions): Promise<ByteStream> {
  const mark = await stream.peek(3);
  const [a, b, c] = mark;
  const options = { name: stream.name, lease: open.lease, signal: open.signal, below: stream };
  if (a === 0xef && b === 0xbb && c === 0xbf) return new ByteStream(withoutFirst(stream, 3), options);
  if (a === 0xff && b === 0xfe) return new ByteStream(transcoded(withoutFirst(stream, 2), false, stream.name), options);
  if (a === 0xfe && b === 0xff) return new ByteStream(transcoded(withoutFirst(stream, 2), true, stream.name), options);
  return stream;
}

async function* withoutFirst(stream: AsyncIterable<Bytes>, count: number): AsyncGenerator<Bytes, void, undefined> {
  let left = count;
  for await (const piece of stream) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    if (piece.length > skipped) yield piece.subarray(skipped);
  }
}

async function* transcoded(
  pieces: AsyncIterable<Bytes>,
  bigEndian: boolean,
  name: string,
): AsyncGenerator<Bytes, void, undefined> {
  // Not every runtime decodes big-endian: swap first.
  const decoder = new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true });
  let odd: number | null = null;
  const decode = (bytes?: Bytes) => {
    try {
      return utf8(bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true }));
    } catch (cause) {
      throw new IcestreamError('SOURCE_CORRUPT', `${name}: the text is not valid UTF-16`, { file: name, cause });
    }
  };
  for await (const piece of pieces) {
    const units: Bytes = new Uint8Array(piece.length + (odd === null ? 0 : 1));
    if (odd !== null) units[0] = odd;
    units.set(piece, odd === null ? 0 : 1);
    const even: number = units.length & ~1;
    odd = even < units.length ? (units[even] ?? 0) : null;
    const whole = units.subarray(0, even);
    if (bigEndian) swapPairs(whole);
    yield decode(whole);
  }
  if (odd !== null) {
    throw new IcestreamError('SOURCE_CORRUPT', `${name}: the text ends in half a UTF-16 character`, { file: name });
  }
  yield decode();
}

function swapPairs(bytes: Uint8Array): void {
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const high = bytes[i] ?? 0;
    bytes[i] = bytes[i + 1] ?? 0;
    bytes[i + 1] = high;
  }
}
