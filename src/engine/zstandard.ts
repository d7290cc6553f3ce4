/** Avro blocks of codec `zstandard` (other writers' manifests), undone by the engine. */
import type { ExtraCodecs } from '../avro/codec.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import type { Engine } from './engine.ts';

export function zstandardBy(engine: Pick<Engine, 'decompressor'>): ExtraCodecs {
  return {
    zstandard: (bytes, maxBytes) => {
      using decompressor = engine.decompressor('zstd');
      const pieces: Bytes[] = [];
      let size = 0;
      const take = (more: readonly Bytes[]) => {
        for (const piece of more) {
          size += piece.length;
          if (size > maxBytes) {
            throw new IcestreamError('INVALID_METADATA', `an Avro block is larger than ${maxBytes} bytes uncompressed`);
          }
          pieces.push(piece);
        }
      };
      take(decompressor.push(bytes));
      take(decompressor.finish());
      return concatBytes(pieces.length === 0 ? [new Uint8Array()] : pieces);
    },
  };
}
