/** The engine's own Parquet encoder. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { bytesIn } from '../../util/encoding.ts';
import type { EncodedFile, EncodedPart, Encoder, EncoderOptions } from '../encoder.ts';
import type { Batch } from '../engine.ts';
import { consuming, littleEndian } from './batch.ts';
import { encoderRequest, rowGroupPieces } from './encode-calls.ts';
import { type FooterJson, footerOf } from './footer-json.ts';
import type { WasmInstance } from './instance.ts';

export class WasmEncoder implements Encoder {
  readonly cutsWhereTold = true;
  readonly #instance: WasmInstance;
  #handle: number;

  constructor(instance: WasmInstance, options: EncoderOptions) {
    this.#instance = instance;
    this.#handle = instance.call('enc_new', encoderRequest(options));
  }

  async *writeRowGroup(batches: readonly Batch[]): AsyncGenerator<Bytes, void, undefined> {
    // A handle of none answers with the error, after the batches were consumed.
    consuming(this.#instance, batches, (handles) => this.#instance.call('enc_row_group', this.#handle, handles));
    yield* rowGroupPieces(this.#instance, () => this.#live());
  }

  *appendParts(parts: readonly EncodedPart[]): Generator<Bytes, void, undefined> {
    const list = littleEndian(parts.flatMap(({ columns, pieces, tail }) => [columns, bytesIn(pieces), tail.length]));
    const tails = parts.map(({ tail }) => tail);
    const segments = this.#instance.call('enc_append_parts', this.#live(), list, tails);
    const before = this.#instance.meta() as number;
    const own = this.#instance.takeOutput(segments);
    // Whoever takes a piece may give its memory back: none shares a buffer with the next.
    const after = own.slice(before);
    yield own.slice(0, before);
    // Whole: what is a part of its buffer cannot be given back, and would have garbage collected all the time.
    for (const { pieces } of parts) yield* pieces;
    yield after;
  }

  async finish(): Promise<EncodedFile> {
    const segments = this.#instance.call('enc_finish', this.#live());
    const footer = footerOf(this.#instance.meta() as FooterJson);
    const bytes = this.#instance.takeOutput(segments);
    this.free();
    return { bytes, footer };
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #live(): number {
    if (this.#handle < 0) throw new IcestreamError('INVALID_ARGUMENT', 'the encoder was finished or freed before');
    return this.#handle;
  }
}
