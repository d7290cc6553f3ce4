/** Comparing secrets: how long it takes says nothing of where they differ. */
import { utf8 } from '../util/encoding.ts';

/** By their digests, so that neither length nor content shows. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([digest(a), digest(b)]);
  let difference = 0;
  for (let i = 0; i < first.length; i += 1) difference |= (first[i] ?? 0) ^ (second[i] ?? 0);
  return difference === 0;
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text)));
}
