/** CRC-64/NVME, the checksum that S3 prefers; in halves, because 64-bit integers are slow here. */
const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const ALL_ONES = 0xffffffff;

let tables: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined;

/** Goes on from `previous`, the checksum of the bytes before these. */
export function crc64(bytes: Uint8Array, previous = 0n): bigint {
  tables ??= makeTables();
  const { high, low } = tables;
  let upper = Number(previous >> 32n) ^ ALL_ONES;
  let lower = Number(previous & 0xffffffffn) ^ ALL_ONES;
  for (const byte of bytes) {
    const at = (lower ^ byte) & 0xff;
    lower = ((lower >>> 8) | (upper << 24)) ^ (low[at] ?? 0);
    upper = (upper >>> 8) ^ (high[at] ?? 0);
  }
  return (BigInt((upper ^ ALL_ONES) >>> 0) << 32n) | BigInt((lower ^ ALL_ONES) >>> 0);
}

function makeTables() {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = BigInt(i);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ POLYNOMIAL : value >> 1n;
    high[i] = Number(value >> 32n);
    low[i] = Number(value & 0xffffffffn);
  }
  return { high, low };
}
