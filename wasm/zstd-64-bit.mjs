/**
 * zstd with 64-bit bit streams. It takes the width of its bit containers from `size_t`, which is 32 bits in wasm, though
 * wasm computes with 64: every few symbols it reloads what one container could hold. The compiler reads these changed
 * files in place of the crate's own (`-ivfsoverlay`). They make zstd do on wasm what it does on every 64-bit machine;
 * its output is the same, byte for byte. Checks that have to do with addresses stay those of 32 bits.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** By file under zstd/lib: text, what replaces it, and how often it is there (once if not said). */
const changes = {
  'common/mem.h': [
    ['MEM_32bits(void) { return sizeof(size_t)==4; }', 'MEM_32bits(void) { return 0; }'],
    ['MEM_64bits(void) { return sizeof(size_t)==8; }', 'MEM_64bits(void) { return 1; }'],
  ],
  'common/bitstream.h': [
    ['typedef size_t BitContainerType', 'typedef U64 BitContainerType'],
    ['MEM_STATIC size_t BIT_readBitsFast', 'MEM_STATIC BitContainerType BIT_readBitsFast'],
    ['MEM_readLEST', 'MEM_readLE64', 3],
    ['MEM_writeLEST', 'MEM_writeLE64', 2],
  ],
  'common/huf.h': [
    ['typedef size_t HUF_CElt', 'typedef U64 HUF_CElt'],
    ['HUF_CTABLE_SIZE_ST(maxSymbolValue) * sizeof(size_t)', 'HUF_CTABLE_SIZE_ST(maxSymbolValue) * sizeof(HUF_CElt)'],
    ['BYTE unused[sizeof(size_t) - 2]', 'BYTE unused[sizeof(HUF_CElt) - 2]'],
  ],
  'compress/huf_compress.c': [
    ['static size_t HUF_getValue(HUF_CElt elt)', 'static U64 HUF_getValue(HUF_CElt elt)'],
    ['return elt & ~(size_t)0xFF;', 'return elt & ~(U64)0xFF;'],
    ['static size_t HUF_getValueFast', 'static U64 HUF_getValueFast'],
    ['*elt |= value << (', '*elt |= (U64)value << ('],
    ['HUF_BITS_IN_CONTAINER (sizeof(size_t) * 8)', 'HUF_BITS_IN_CONTAINER 64'],
    ['size_t bitContainer[2]', 'U64 bitContainer[2]'],
    ['size_t const bitContainer = bitC', 'U64 const bitContainer = bitC'],
    ['MEM_writeLEST', 'MEM_writeLE64'],
  ],
  'compress/zstd_compress_internal.h': [
    ['pInLimit - (sizeof(size_t)-1)', 'pInLimit - (sizeof(U64)-1)'],
    [
      'size_t const diff = MEM_readST(pMatch) ^ MEM_readST(pIn);',
      'U64 const diff = MEM_read64(pMatch) ^ MEM_read64(pIn);',
      2,
    ],
    ['ZSTD_NbCommonBytes(diff)', '(ZSTD_countTrailingZeros64(diff) >> 3)', 2],
    ['pIn+=sizeof(size_t); pMatch+=sizeof(size_t)', 'pIn+=sizeof(U64); pMatch+=sizeof(U64)', 2],
    // What an index of 32 bits can address.
    ['(MEM_64bits() ? 3500U MB : 2000U MB)', '(2000U MB)'],
  ],
  'decompress/huf_decompress.c': [
    ['static size_t HUF_initFastDStream', 'static U64 HUF_initFastDStream'],
    ['size_t const value = MEM_readLEST(ip) | 1', 'U64 const value = MEM_readLE64(ip) | 1'],
    ['bit->bitContainer = MEM_readLEST(', 'bit->bitContainer = MEM_readLE64('],
    ['bit->start + sizeof(size_t)', 'bit->start + sizeof(U64)'],
    ['(size_t)(oend - op4) >= sizeof(size_t)', '(size_t)(oend - op4) >= sizeof(U64)', 2],
    ['oend - (sizeof(size_t)-1)', 'oend - (sizeof(U64)-1)'],
  ],
  'decompress/zstd_decompress_block.c': [
    // An address near the end of 32 bits may overflow.
    ['(MEM_32bits() && (size_t)(oend - op)', '((size_t)(oend - op)', 2],
  ],
};

/** Writes the changed files of the zstd-sys crate in `crate` under `folder`; answers the path of the overlay. */
export function overlayZstd(crate, folder) {
  const roots = Object.entries(changes).map(([path, replacements]) => {
    const original = join(crate, 'zstd/lib', path);
    let text = readFileSync(original, 'utf8');
    for (const [from, to, count = 1] of replacements) {
      const pieces = text.split(from);
      if (pieces.length !== count + 1) {
        throw new Error(`zstd/lib/${path} has ${JSON.stringify(from)} ${pieces.length - 1} times, not ${count}`);
      }
      text = pieces.join(to);
    }
    const changed = join(folder, path);
    mkdirSync(dirname(changed), { recursive: true });
    writeFileSync(changed, text);
    return { name: original, type: 'file', 'external-contents': changed };
  });
  const overlay = join(folder, 'overlay.json');
  writeFileSync(overlay, JSON.stringify({ version: 0, 'use-external-names': false, roots }));
  return overlay;
}
