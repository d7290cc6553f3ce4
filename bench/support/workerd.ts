/** workerd itself, without wrangler before it: how fast it starts is measured. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/support/kit/server.ts';

const program = fileURLToPath(new URL('../../node_modules/workerd/bin/workerd', import.meta.url));

export interface WorkerFolder {
  readonly folder: string;
  /** Files of the folder: scripts and wasm, the main one first. */
  readonly modules: readonly string[];
  /** Text bindings. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly compatibilityFlags?: readonly string[];
}

/** Puts workerd's configuration beside a bundled Worker. */
export async function configureWorkerd(worker: WorkerFolder): Promise<void> {
  const { folder, modules, variables = {}, compatibilityFlags = [] } = worker;
  const listed = modules.map((file) =>
    file.endsWith('.wasm')
      ? `(name = "./${file}", wasm = embed "${file}")`
      : `(name = "${file}", esModule = embed "${file}")`,
  );
  const bindings = Object.entries(variables).map(([name, text]) => `(name = "${name}", text = "${text}")`);
  await writeFile(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .start) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);
const start :Workerd.Worker = (
  modules = [ ${listed.join(', ')} ],
  bindings = [ ${bindings.join(', ')} ],
  compatibilityDate = "2026-08-01",
  compatibilityFlags = [ ${compatibilityFlags.map((flag) => `"${flag}"`).join(', ')} ],
);
`,
  );
}

/** Starts a configured Worker, sends the request of `first` until the socket listens, and ends it after `work`. */
export async function withWorkerd<F, T>(
  folder: string,
  first: (address: string) => Promise<F>,
  work: (address: string, answered: F) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const workerd = spawn(program, ['serve', join(folder, 'config.capnp'), '--socket-addr', `http=127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    for (;;) {
      const answered = await first(address).then(
        (value) => ({ value }),
        (error: unknown) => {
          // `fetch` throws TypeErrors for what is refused.
          if (workerd.exitCode !== null || !(error instanceof TypeError)) throw error;
          return null;
        },
      );
      if (answered !== null) return await work(address, answered.value);
      await sleep(2);
    }
  } finally {
    workerd.kill();
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}
