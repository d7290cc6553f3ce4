/**
 * The end marker of an Arrow IPC stream. The format lets a writer leave it out, but then a stream that broke off
 * between two batches looks whole, and its last rows would be lost without a word.
 */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';

const FILE_MAGIC = [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31];
const MARKER = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
/** Before Arrow 0.15 a message had no continuation mark. */
const OLD_MARKER = [0, 0, 0, 0];

export class EndMarkerCheck {
  #head: number[] = [];
  #tail: number[] = [];

  see(bytes: Bytes): void {
    if (this.#head.length < FILE_MAGIC.length) {
      this.#head.push(...bytes.subarray(0, FILE_MAGIC.length - this.#head.length));
    }
    this.#tail = [...this.#tail, ...bytes.subarray(-MARKER.length)].slice(-MARKER.length);
  }

  /** @throws IcestreamError SOURCE_CORRUPT when the bytes seen are a stream (not a file) without its end. */
  finish(): void {
    if (FILE_MAGIC.every((byte, i) => this.#head[i] === byte)) return;
    const continued = this.#head.slice(0, 4).every((byte) => byte === 0xff);
    const marker = continued ? MARKER : OLD_MARKER;
    if (this.#tail.slice(-marker.length).every((byte, i) => byte === marker[i])) return;
    throw new IcestreamError(
      'SOURCE_CORRUPT',
      'the Arrow stream ends without its end-of-stream marker, so it may have been cut off between two batches; ' +
        'close the writer that makes it, or pass requireEndOfStream: false when it never writes one',
      { option: 'requireEndOfStream' },
    );
  }
}
