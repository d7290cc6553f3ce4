/** What a benchmark is, how its work is measured in a process of its own, and how its figures are printed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One measured number. With a bar that it misses, the run fails. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: { readonly atMost: number } | { readonly atLeast: number };
  /** What `value` is compared with, when it is a ratio. */
  readonly peer?: string;
  readonly note?: string;
}

export interface BenchmarkContext {
  /** Rows asked for with `--rows`, else the benchmark's own default. */
  readonly rows: number;
  /** An empty folder, removed afterwards. */
  readonly scratch: string;
  /** Progress for people; never part of the figures. */
  readonly log: (text: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** One line for `--list`. */
  readonly what: string;
  /** The full size; CI passes a small one. */
  readonly defaultRows: number;
  run(context: BenchmarkContext): AsyncIterable<Figure>;
}

/** What a measured process says of itself. */
export interface Measured {
  readonly cpuMs: number;
  readonly elapsedMs: number;
  /** Highest resident set over the process's life, and the one before it loaded anything. */
  readonly peakRssBytes: number;
  readonly idleRssBytes: number;
}

export interface MeasureOptions {
  readonly stdin?: { readonly command: readonly string[] };
}

export const mebibyte = 1024 * 1024;

/**
 * Runs a command in a fresh process. `result` is the JSON object of the last line that is none of usage; a process
 * that reports its own costs in that line has them in `usage` too.
 */
export async function measure(
  command: readonly string[],
  options: MeasureOptions = {},
): Promise<{ readonly result: Readonly<Record<string, unknown>>; readonly usage: Measured }> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'inherit'] });
  if (options.stdin && child.stdin) {
    const [feeder = '', ...feederArgs] = options.stdin.command;
    const feed = spawn(feeder, feederArgs, { stdio: ['ignore', 'pipe', 'inherit'] });
    feed.stdout?.pipe(child.stdin);
    child.stdin.on('error', () => feed.kill());
  }
  let result: Readonly<Record<string, unknown>> = {};
  let usage: Measured | undefined;
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{')) continue;
      const parsed = JSON.parse(line) as Readonly<Record<string, unknown>>;
      if ('usage' in parsed) usage = parsed['usage'] as Measured;
      else result = parsed;
    }
  }
  const code: unknown = child.exitCode ?? (await once(child, 'close'))[0];
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}: ${JSON.stringify(result)}`);
  return { result, usage: usage ?? (result as unknown as Measured) };
}

export function met(figure: Figure): boolean {
  if (figure.bar === undefined) return true;
  return 'atMost' in figure.bar ? figure.value <= figure.bar.atMost : figure.value >= figure.bar.atLeast;
}

export function describe(figure: Figure): string {
  const value = `${format(figure.value)} ${figure.unit}`.padStart(16);
  const bar =
    figure.bar === undefined
      ? ''
      : 'atMost' in figure.bar
        ? `  (bar: at most ${format(figure.bar.atMost)}${met(figure) ? '' : ', MISSED'})`
        : `  (bar: at least ${format(figure.bar.atLeast)}${met(figure) ? '' : ', MISSED'})`;
  const peer = figure.peer === undefined ? '' : `  against ${figure.peer}`;
  return `${figure.name.padEnd(56)}${value}${bar}${peer}${figure.note === undefined ? '' : `  ${figure.note}`}`;
}

function format(value: number): string {
  return Number.isInteger(value) || value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
