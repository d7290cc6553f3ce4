/** The engine's wasm as bytes, in the runtimes that compile such. */
import type { Bytes } from '../../src/util/bytes.ts';

const file = new URL('../../wasm/prebuilt/icestream.wasm', import.meta.url);

interface Process {
  getBuiltinModule?(name: string): { readFileSync(file: URL): Bytes };
}

export async function artifactBytes(): Promise<Bytes> {
  const { process } = globalThis as { readonly process?: Process };
  // Deno and Bun have it too.
  const disk = process?.getBuiltinModule?.('node:fs');
  return disk === undefined ? new Uint8Array(await (await fetch(file)).arrayBuffer()) : disk.readFileSync(file);
}
