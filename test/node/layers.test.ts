/** The import rules are lint rules; this proves that they catch what they are for. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const layers = [
  ['util'],
  ['avro', 'puffin'],
  ['spec'],
  ['expression'],
  ['storage', 'engine'],
  ['format'],
  ['source', 'catalog'],
  ['scan'],
  ['write'],
  ['table'],
  ['cli', 'server'],
];

interface Planted {
  readonly file: string;
  readonly text: string;
  readonly caught: boolean;
}

/** Every folder imports every other: only what stands before it is allowed. */
const imports: Planted[] = layers.flatMap((layer, i) =>
  layer.flatMap((from) =>
    layers.flatMap((other, j) =>
      other
        .filter((to) => to !== from)
        .map((to) => ({
          file: `src/${from}/deep/imports-${to}.ts`,
          text: `import type { X } from '../../${to}/x.ts';\nexport type Y = X;\n`,
          caught: j >= i,
        })),
    ),
  ),
);

const runtime: Planted[] = [
  { file: 'src/write/fs.ts', text: "import { rm } from 'node:fs';\nexport const x = rm;\n", caught: true },
  { file: 'src/util/buffer.ts', text: 'export const x = Buffer.alloc(1);\n', caught: true },
  { file: 'src/table/process.ts', text: 'export const x = process.argv;\n', caught: true },
  { file: 'src/cli/fs.ts', text: "import { rm } from 'node:fs';\nexport const x = rm;\n", caught: false },
  { file: 'src/storage/local/fs.ts', text: "import { rm } from 'node:fs';\nexport const x = rm;\n", caught: false },
];

let folder: string;
let reported: Set<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-layers-'));
  await cp(join(root, 'biome.json'), join(folder, 'biome.json'));
  for (const { file, text } of [...imports, ...runtime]) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', 'src'];
  const output = await new Promise<string>((resolve) => {
    const options = { cwd: folder, maxBuffer: 1 << 26 };
    execFile(join(root, 'node_modules/.bin/biome'), args, options, (_, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(output) as { diagnostics: { location: { path: unknown } }[] };
  reported = new Set(diagnostics.map((d) => pathOf(d.location.path)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function pathOf(path: unknown): string {
  const text = typeof path === 'string' ? path : String((path as { file: string }).file);
  return text.slice(text.indexOf('src/'));
}

it('reports every import against the direction of the layers, and none along it', () => {
  const wrong = imports.filter(({ file, caught }) => reported.has(file) !== caught).map(({ file }) => file);
  expect(wrong).toEqual([]);
  expect(imports.filter((p) => p.caught).length).toBeGreaterThan(50);
});

it('reports runtime-specific code in the core, and allows it in the leaves', () => {
  expect(runtime.filter(({ file, caught }) => reported.has(file) !== caught).map(({ file }) => file)).toEqual([]);
});
