/** What the encoders of files and of their parts have in common. */
import type { Bytes } from '../../util/bytes.ts';
import type { EncoderOptions } from '../encoder.ts';
import { checkEncoderLimits } from './encoder-limits.ts';
import type { WasmInstance } from './instance.ts';

/** Of options that many files share. */
const requests = new WeakMap<EncoderOptions, string>();

/** @throws IcestreamError INVALID_ARGUMENT for a number that cannot be. */
export function encoderRequest(options: EncoderOptions): string {
  const made = requests.get(options);
  if (made !== undefined) return made;
  checkEncoderLimits(options);
  const text = JSON.stringify({
    ...options,
    columns: [...(options.columns ?? [])],
    keyValueMetadata: [...(options.keyValueMetadata ?? [])],
  });
  requests.set(options, text);
  return text;
}

/** The pieces of the row group that was begun; its encoder's handle may be given up between two of them. */
export function* rowGroupPieces(instance: WasmInstance, handle: () => number): Generator<Bytes, void, undefined> {
  for (;;) {
    const segments = instance.call('enc_row_group_step', handle());
    if (segments === 0) return;
    yield instance.takeOutput(segments);
  }
}
