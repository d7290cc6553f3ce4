import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { ArrowType } from '../../../src/engine/arrow-schema.ts';
import type { Engine, RangeReader } from '../../../src/engine/engine.ts';
import { createEngine } from '../../../src/engine/wasm/engine.ts';
import { compileModule } from '../../../src/engine/wasm/module.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { VERSION } from '../../../src/util/version.ts';
import { rowGroupBytes } from '../../support/row-group.ts';

const file = (path: string) => fileURLToPath(new URL(`../../../wasm/${path}`, import.meta.url));
const engineOf = (name: string) =>
  createEngine(new WebAssembly.Module(readFileSync(file(`prebuilt/${name}`))), 64 * 1024 * 1024);

it('was built from the sources beside it', () => {
  execFileSync(process.execPath, [file('build.mjs'), '--check'], { stdio: 'pipe' });
});

describe.each(['icestream.wasm', 'icestream-append.wasm'])('%s', (name) => {
  it('imports nothing but the memory that the host makes', () => {
    const module = new WebAssembly.Module(readFileSync(file(`prebuilt/${name}`)));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  it('says the version that the loader asks for, which is the package’s', async () => {
    const { version } = JSON.parse(readFileSync(file('../package.json'), 'utf8'));
    expect(VERSION).toBe(version);
    await compileModule(readFileSync(file(`prebuilt/${name}`)));
  });

  it('names no place of the machine that built it', () => {
    const text = readFileSync(file(`prebuilt/${name}`), 'latin1');
    expect(text.match(/\/(?:root|home|tmp|work|Users)\/[\w./-]*/g) ?? []).toEqual([]);
  });
});

describe('the artifact for appends', () => {
  const rangesOf = (bytes: Bytes): RangeReader => ({
    sizeBytes: bytes.length,
    read: async (start, end) => bytes.slice(start, end),
  });

  /** Rows of Arrow, CSV and JSON as one Parquet file each. */
  async function files(engine: Engine): Promise<Bytes[]> {
    const text = new TextEncoder();
    const csv = text.encode('n,s\n1,a\n2,b\n') as Bytes;
    const json = text.encode('{"n":1,"s":"a"}\n{"n":2,"s":"b"}\n') as Bytes;
    const ipc = tableToIPC(tableFromArrays({ n: Int32Array.of(1, 2), s: ['a', 'b'] }), 'stream') as Bytes;
    const { dialect, schema } = engine.inferCsv(csv);
    const common = { batchRows: 10, batchBytes: 1000, onBadRow: 'fail' } as const;
    using csvReader = engine.csvReader({ dialect, schema, ...common });
    using jsonReader = engine.jsonReader({ schema: engine.inferJson(json).schema, unknownFields: 'fail', ...common });
    const batches = [
      [...csvReader.push(csv), ...csvReader.finish()],
      [...jsonReader.push(json), ...jsonReader.finish()],
      engine.fromIpc(ipc),
    ];
    const files: Bytes[] = [];
    for (const rows of batches) {
      const source = rows[0]?.schema ?? schema;
      const plain = (type: ArrowType) => (type.kind === 'dictionary' ? type.value : type);
      const target = { ...source, fields: source.fields.map((field) => ({ ...field, type: plain(field.type) })) };
      using aligner = engine.aligner(source, { target });
      const encoder = engine.encoder({
        schema: target,
        codec: 'zstd',
        level: 3,
        encoding: 'default',
        pageSizeBytes: 1024 * 1024,
        pageRowLimit: 20_000,
        dictionarySizeBytes: 1024 * 1024,
        statisticsTruncateBytes: 64,
      });
      const group = await rowGroupBytes(
        encoder,
        rows.map((batch) => aligner.align(batch)),
      );
      const { bytes } = await encoder.finish();
      files.push(Uint8Array.from([...group, ...bytes]));
    }
    return files;
  }

  it('writes the bytes that the whole engine writes, which reads them', async () => {
    const whole = engineOf('icestream.wasm');
    const small = await files(engineOf('icestream-append.wasm'));
    expect(small).toEqual(await files(whole));
    for (const bytes of small) {
      using parquet = await whole.openParquet(rangesOf(bytes));
      expect(parquet.footer.numRows).toBe(2);
    }
  });

  it('refuses to read Parquet, saying what to load', async () => {
    await expect(engineOf('icestream-append.wasm').openParquet(rangesOf(new Uint8Array(100)))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('load icestream.wasm'),
    });
  });
});
