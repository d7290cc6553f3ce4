/** The command line in a process of its own, on a lakehouse whose every file is compared before and after. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const nodeArgs = ['--conditions=icestream-source', join(root, 'src/cli/main.ts')];

export interface Ended {
  readonly code: number;
  /** The last line of `--json` output. */
  readonly last: Readonly<Record<string, unknown>>;
  readonly err: string;
}

export interface Setting {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** A shell's words before the command: `ulimit -f 64;`. */
  readonly before?: string;
}

/** `icestream ARGS --json`. */
export function icestream(args: readonly string[], { cwd, env, stdin, before }: Setting): Promise<Ended> {
  const command = [process.execPath, ...nodeArgs, ...args, '--json'];
  const [file, ...rest] = before === undefined ? command : ['/bin/sh', '-c', `${before} exec "$@"`, 'sh', ...command];
  const options = {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
  };
  return new Promise((resolve) => {
    const child = execFile(file ?? '', rest, options, (error, out, err) => {
      const text = out.trim().split('\n').at(-1) ?? '';
      const last = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, last, err: err + text });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
  });
}

/** Every file below a folder with a hash of its content, hidden and temporary ones too. */
export async function contents(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(
      path,
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
  }
  return found;
}

/** About 3 MB of data that do not compress. */
export function noise(): string {
  let seed = 1;
  const next = () => {
    seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (seed >>> 0).toString(36);
  };
  return `a,b\n${Array.from({ length: 100_000 }, (_, i) => `${i},${next()}${next()}${next()}${next()}`).join('\n')}\n`;
}
