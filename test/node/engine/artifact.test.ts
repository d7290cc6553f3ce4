import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const file = (path: string) => fileURLToPath(new URL(`../../../wasm/${path}`, import.meta.url));

it('was built from the sources beside it', () => {
  execFileSync(process.execPath, [file('build.mjs'), '--check'], { stdio: 'pipe' });
});

it('imports nothing but the memory that the host makes', () => {
  const module = new WebAssembly.Module(readFileSync(file('prebuilt/icestream.wasm')));
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
});

it('names no place of the machine that built it', () => {
  const text = readFileSync(file('prebuilt/icestream.wasm'), 'latin1');
  expect(text.match(/\/(?:root|home|tmp|work|Users)\/[\w./-]*/g) ?? []).toEqual([]);
});
