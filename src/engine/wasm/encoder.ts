/** The engine's own Parquet encoder. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { bytesIn } from '../../util/encoding.ts';
import type { EncodedFile, EncodedPart, Encoder, EncoderOptions } from '../encoder.ts';
import type { Batch } from '../engine.ts';
import { releaseBatches } from './batch.ts';
import { type FooterJson, footerOf } from './footer-json.ts';
import type { WasmInstance } from './instance.ts';

/** Of options that many files share. */
const requests = new WeakMap<EncoderOptions, string>();

function request(options: EncoderOptions): string {
  const made = requests.get(options);
  if (made !== undefined) return made;
  const text = JSON.stringify({
    ...options,
    columns: [...(options.columns ?? [])],
    keyValueMetadata: [...(options.keyValueMetadata ?? [])],
  });
  requests.set(options, text);
  return text;
}

export class WasmEncoder implements Encoder {
  readonly cutsWhereTold = true;
  readonly #instance: WasmInstance;
  #handle: number;

  constructor(instance: WasmInstance, options: EncoderOptions) {
    this.#instance = instance;
    this.#handle = instance.call('enc_new', request(options));
  }

  async *writeRowGroup(batches: readonly Batch[]): AsyncGenerator<Bytes, void, undefined> {
    // A handle of none answers with the error, after the batches were consumed.
    this.#instance.call('enc_row_group', this.#handle, releaseBatches(this.#instance, batches));
    yield* stepsOf(this.#instance, () => this.#live());
  }

  *appendPart({ pieces, tail }: EncodedPart): Generator<Bytes, void, undefined> {
    const segments = this.#instance.call('enc_append_part', this.#live(), bytesIn(pieces), tail);
    const before = this.#instance.meta() as number;
    const own = this.#instance.takeOutput(segments);
    // Whoever takes a piece may give its memory back: none shares a buffer with the next.
    const after = own.slice(before);
    yield own.slice(0, before);
    // Whole: what is a part of its buffer cannot be given back, and would have garbage collected all the time.
    yield* pieces;
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

/** The pieces of the row group that was begun; its encoder's handle may be given up between two of them. */
function* stepsOf(instance: WasmInstance, handle: () => number): Generator<Bytes, void, undefined> {
  for (;;) {
    const segments = instance.call('enc_row_group_step', handle());
    if (segments === 0) return;
    yield instance.takeOutput(segments);
  }
}

export function encodePart(instance: WasmInstance, options: EncoderOptions, batches: readonly Batch[]): EncodedPart {
  const handle = instance.call('enc_part_new', request(options));
  try {
    instance.call('enc_row_group', handle, releaseBatches(instance, batches));
    const pieces = [...stepsOf(instance, () => handle)];
    return { pieces, tail: instance.takeOutput(instance.call('enc_part_finish', handle)) };
  } finally {
    instance.drop(handle);
  }
}
