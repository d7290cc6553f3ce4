/** Writes the corpora to start from, out of the fixtures: `node wasm/fuzz/seed.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import * as arrow from '../../test/fixtures/arrow-ipc.ts';
import { badParquet } from '../../test/fixtures/parquet-bad-data.ts';
import * as parquet from '../../test/fixtures/parquet-files.ts';

const corpus = join(fileURLToPath(new URL('.', import.meta.url)), 'corpus');

function put(target: string, name: string, bytes: Uint8Array): void {
  mkdirSync(join(corpus, target), { recursive: true });
  writeFileSync(join(corpus, target, name), bytes);
}

/** The first byte of most targets says where the rest is cut. */
const cut = (bytes: Uint8Array | string) => Buffer.concat([Buffer.of(128), Buffer.from(bytes)]);
const texts = (module: object) =>
  Object.entries(module).filter((entry): entry is [string, string] => typeof entry[1] === 'string');

for (const [name, text] of texts(arrow)) {
  for (const target of ['ipc', 'align']) put(target, name, cut(Buffer.from(text, 'base64')));
}
for (const [name, text] of [...texts(parquet), ...badParquet]) {
  put('parquet', name, gunzipSync(Buffer.from(text, 'base64')));
}
const csv = 'id,name,when,amount\n1,"a ""b""",2024-01-02T03:04:05Z,1.50\n2,,NULL,-7e3\n3,é\r\n"4\n5",x,2024-01-02,\n';
const json = '{"a":1,"b":[1,2,{"c":null}],"d":"\\u00e9\\ud83d\\ude00"}\n{"a":1.5e3,"e":{"f":true}}\n{"a":"x"\n[1]\n';
put('csv', 'rows', cut(csv));
put('csv', 'tabs', cut(csv.replaceAll(',', '\t')));
put('json', 'lines', cut(json));
put('json', 'array', cut('[{"a":1},{"a":[]} , {"b":{"c":"d"}}]'));
put('decompress', 'gzip', cut(Buffer.concat([gzipSync(csv), gzipSync(json)])));
put('decompress', 'zstd', cut(Buffer.concat([zstdCompressSync(csv), zstdCompressSync(json)])));
