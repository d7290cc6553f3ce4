/** The engine's own Parquet encoder. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { EncodedFile, Encoder, EncoderOptions } from '../encoder.ts';
import type { Batch } from '../engine.ts';
import { releaseBatches } from './batch.ts';
import { type FooterJson, footerOf } from './footer-json.ts';
import type { WasmInstance } from './instance.ts';

export class WasmEncoder implements Encoder {
  readonly cutsWhereTold = true;
  readonly #instance: WasmInstance;
  #handle: number;

  constructor(instance: WasmInstance, options: EncoderOptions) {
    this.#instance = instance;
    const request = {
      ...options,
      columns: [...(options.columns ?? [])],
      keyValueMetadata: [...(options.keyValueMetadata ?? [])],
    };
    this.#handle = instance.call('enc_new', JSON.stringify(request));
  }

  async *writeRowGroup(batches: readonly Batch[]): AsyncGenerator<Bytes, void, undefined> {
    // A handle of none answers with the error, after the batches were consumed.
    this.#instance.call('enc_row_group', this.#handle, releaseBatches(this.#instance, batches));
    for (;;) {
      const segments = this.#instance.call('enc_row_group_step', this.#live());
      if (segments === 0) return;
      yield this.#instance.takeOutput(segments);
    }
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
