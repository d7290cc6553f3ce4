/** Starts a server as a process of its own on a free port, waits until it answers, and ends it for certain. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kitHome, paths } from './home.ts';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly logFile: string;
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly name: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Asked until it answers with a status under 500. */
  readonly healthPath: string;
  /** Default 60 s. */
  readonly startTimeoutMs?: number;
}

const running = new Set<ChildProcess>();
let watching = false;

export async function startServer(server: ServerCommand): Promise<RunningServer> {
  mkdirSync(paths.logs(), { recursive: true });
  mkdirSync(paths.run(), { recursive: true });
  endOrphans();
  const logFile = join(paths.logs(), `${server.name}-${server.port}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn(server.command, server.args, {
    env: { ...process.env, ...server.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  watchExit();
  running.add(child);
  const pidFile = join(paths.run(), `${server.name}-${server.port}.pid`);
  writeFileSync(pidFile, `${child.pid} ${process.pid}`);
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(String(error)));
    child.on('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
  }).finally(() => {
    running.delete(child);
    rmSync(pidFile, { force: true });
  });
  const url = `http://127.0.0.1:${server.port}`;
  const failure = await Promise.race([ended, answers(`${url}${server.healthPath}`, server.startTimeoutMs ?? 60_000)]);
  if (failure !== null) {
    child.kill('SIGKILL');
    throw new Error(`${server.name} did not start: ${failure}\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
  }
  return { url, port: server.port, logFile, stop: () => stop(child, ended) };
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const late = new AbortController();
  await Promise.race([ended, sleep(5000, undefined, { signal: late.signal }).catch(() => {})]);
  late.abort();
  child.kill('SIGKILL');
  await ended;
}

/** Null once the address answers; else why it was given up. */
async function answers(url: string, timeoutMs: number): Promise<string | null> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await response.body?.cancel();
      if (response.status < 500) return null;
      last = response.status;
    } catch (error) {
      last = error instanceof Error ? (error.cause ?? error) : error;
    }
    await sleep(100);
  }
  return `no answer from ${url} in ${timeoutMs} ms (${String(last)})`;
}

/** A process that ends without stopping its servers takes them with it. */
function watchExit(): void {
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      for (const child of running) child.kill('SIGKILL');
      process.kill(process.pid, signal);
    });
  }
}

/** Ends servers whose starter was killed before it could, and removes their data. Only Linux shows who lives. */
function endOrphans(): void {
  if (readOr('/proc/self/cmdline', '') === '') return;
  for (const name of readdirSync(paths.run()).filter((entry) => entry.endsWith('.pid'))) {
    const file = join(paths.run(), name);
    const [child = '', parent = ''] = readOr(file, '').split(' ');
    if (readOr(`/proc/${parent}/cmdline`, '') !== '') continue;
    if (readOr(`/proc/${child}/cmdline`, '').includes(kitHome())) process.kill(Number(child), 'SIGKILL');
    rmSync(file, { force: true });
  }
  for (const name of readdirSync(paths.run())) {
    const parent = /^[a-z]+-(\d+)-\w{6}$/.exec(name)?.[1];
    if (parent === undefined || readOr(`/proc/${parent}/cmdline`, '') !== '') continue;
    rmSync(join(paths.run(), name), { recursive: true, force: true });
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

const given = new Set<number>();

/**
 * A port that is free now, on all addresses. Not one of those that systems give to connections and to who listens on any
 * (32,768 and more): nobody gets it by chance before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const free = await new Promise<boolean>((resolve, reject) => {
    probe.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    probe.listen(port, '0.0.0.0', () => resolve(true));
  });
  if (free) await new Promise((resolve) => probe.close(resolve));
  return free;
}
