/** Reads lines and runs of bytes from bytes that arrive in pieces of any size. */
import type { Bytes } from '../../util/bytes.ts';
import { concatBytes } from '../../util/encoding.ts';
import { S3Refusal } from './errors.ts';

const LINE_FEED = 10;

export class ByteReader {
  readonly #source: AsyncIterator<Bytes>;
  #held: Bytes = new Uint8Array();

  constructor(source: AsyncIterable<Bytes>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Up to the line feed, which is left out, as is a carriage return before it. */
  async line(maxBytes: number): Promise<string> {
    for (let searched = 0; ; ) {
      const at = this.#held.indexOf(LINE_FEED, searched);
      if (at >= 0) {
        const line = new TextDecoder().decode(this.#held.subarray(0, at));
        this.#held = this.#held.subarray(at + 1);
        return line.replace(/\r$/, '');
      }
      searched = this.#held.length;
      if (searched > maxBytes) throw new S3Refusal('IncompleteBody', 'a line of the body is too long');
      if (!(await this.#more())) throw cutOff();
    }
  }

  /** At least one byte and at most `maxBytes`, whatever is there. */
  async some(maxBytes: number): Promise<Bytes> {
    while (this.#held.length === 0) if (!(await this.#more())) throw cutOff();
    const piece = this.#held.subarray(0, maxBytes);
    this.#held = this.#held.subarray(piece.length);
    return piece;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#held.length === 0) if (!(await this.#more())) return true;
    return false;
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#held = this.#held.length === 0 ? next.value : concatBytes([this.#held, next.value]);
    return true;
  }
}

export function cutOff(): S3Refusal {
  return new S3Refusal('IncompleteBody', 'the body ended before it was complete');
}
