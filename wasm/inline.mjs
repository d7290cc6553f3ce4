/** Writes each artifact as a module of text, for `icestream/inline`: prebuilt/*.inline.js, part of the package only. */
import { readFileSync, writeFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

for (const name of ['icestream', 'icestream-append']) {
  const file = (ending) => new URL(`prebuilt/${name}.${ending}`, import.meta.url);
  const text = deflateRawSync(readFileSync(file('wasm')), { level: 9 }).toString('base64');
  writeFileSync(file('inline.js'), `export default '${text}';\n`);
}
