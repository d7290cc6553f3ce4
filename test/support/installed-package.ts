/** The package as its users have it: built, packed, and installed in a folder with the dependencies it declares. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Puts the package and `tools` of this repository's own into `folder`/node_modules. */
export async function installPackage(folder: string, tools: readonly string[]): Promise<void> {
  await run('npm', ['run', '-s', 'build'], { cwd: root });
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    maxBuffer: 1 << 24,
  });
  const [packed] = JSON.parse(stdout) as [{ readonly filename: string }];
  const home = join(folder, 'node_modules/icestream');
  await mkdir(home, { recursive: true });
  await run('tar', ['-xzf', join(folder, packed.filename), '--strip-components=1', '-C', home]);
  const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of [...Object.keys(manifest.dependencies), ...tools]) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(root, 'node_modules', name), path);
  }
}
