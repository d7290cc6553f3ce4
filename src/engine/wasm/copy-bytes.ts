/** Copies between memories, one of which may be shared. */

const WORD_BYTES = 8;
const SCRATCH_BYTES = 8 * 1024;
/** With room to begin anywhere in a word. */
let scratch: Uint8Array | null = null;

/**
 * As `to.set(from, at)`. To shared memory engines copy words where both sides begin at the same byte of one, and single
 * bytes where not, in five times the time: then it goes through memory of one's own.
 */
export function copyBytes(from: Uint8Array, to: Uint8Array, at: number): void {
  const lead = (to.byteOffset + at) % WORD_BYTES;
  if (to.buffer instanceof ArrayBuffer || from.byteOffset % WORD_BYTES === lead) {
    to.set(from, at);
    return;
  }
  scratch ??= new Uint8Array(SCRATCH_BYTES + WORD_BYTES);
  for (let done = 0; done < from.length; done += SCRATCH_BYTES) {
    const piece = from.subarray(done, done + SCRATCH_BYTES);
    scratch.set(piece, lead);
    to.set(scratch.subarray(lead, lead + piece.length), at + done);
  }
}
