/** 32-bit checksums with reflected polynomials. */

/** Goes on from `previous`, the checksum of the bytes before these; unsigned. */
type Crc32 = (bytes: Uint8Array, previous?: number) => number;

/** CRC-32 (IEEE 802.3), as gzip, Avro and Puffin use it. */
export const crc32: Crc32 = crcOf(0xedb88320);
/** CRC-32C (Castagnoli). */
export const crc32c: Crc32 = crcOf(0x82f63b78);

function crcOf(polynomial: number): Crc32 {
  let table: Uint32Array | undefined;
  return (bytes, previous = 0) => {
    table ??= tableOf(polynomial);
    let crc = previous ^ 0xffffffff;
    for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
  };
}

function tableOf(polynomial: number): Uint32Array {
  const made = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    made[i] = value;
  }
  return made;
}
