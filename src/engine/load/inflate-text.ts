/** Bytes of the package that are in a module as text: deflate, in base64 (`wasm/inline.mjs` writes them). */
import type { Bytes } from '../../util/bytes.ts';
import { fromBase64 } from '../../util/encoding.ts';

export async function inflateText(text: string): Promise<Bytes> {
  const inflated = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}
