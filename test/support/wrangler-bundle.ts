/** A Worker of this package as wrangler bundles it, in a project of its own. */
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wranglerEnvironment } from '../../worker/wrangler-environment.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes an empty folder a project that has this package installed. */
export async function linkPackage(project: string): Promise<void> {
  await mkdir(join(project, 'node_modules'));
  await symlink(root, join(project, 'node_modules/icestream'));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
}

export interface WorkerBundle {
  /** See `linkPackage`. */
  readonly project: string;
  readonly name: string;
  /** Path of the Worker's module. */
  readonly main: string;
  readonly alias: Readonly<Record<string, string>>;
  readonly outDir: string;
}

/** With the conditions of vitest.config.ts. */
export async function bundleWorker({ project, name, main, alias, outDir }: WorkerBundle): Promise<void> {
  const config = { name, main, compatibility_date: '2026-08-01', alias };
  await writeFile(join(project, 'wrangler.json'), JSON.stringify(config));
  await promisify(execFile)(
    process.execPath,
    [join(root, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--dry-run', '--outdir', outDir],
    {
      cwd: project,
      env: {
        ...process.env,
        ...wranglerEnvironment,
        // The target of an alias is resolved as Node does.
        NODE_OPTIONS: '--conditions=icestream-source',
      },
    },
  );
}
