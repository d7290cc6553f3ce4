/** What all commands share: interruption, progress, and errors that become exit codes. */
import type { Command } from 'commander';
import { IcestreamError } from '../errors.ts';
import type { CatalogFlags } from './configuration.ts';
import { exitCodeOf } from './exit-codes.ts';
import { inFlagWords } from './flag-words.ts';
import type { Lakehouse } from './open-catalog.ts';
import { errorLine, errorText, toJsonLine } from './output.ts';
import { jsonProgress, noProgress, type ProgressDisplay } from './progress.ts';

export interface CommonFlags extends CatalogFlags {
  readonly json?: boolean;
}

/** What a command's action gets. */
export interface Invocation<Flags extends CommonFlags> extends Lakehouse {
  readonly flags: Flags;
  readonly signal: AbortSignal;
  /** The display for a write; stopped by the caller. */
  progress(label: string): Promise<ProgressDisplay>;
  /** The end of a command: one JSON line, or the text for people. */
  result(data: Readonly<Record<string, unknown>>, text: () => string): void;
}

/** Wraps an action: its errors are printed once and set the exit code. */
export function action<Flags extends CommonFlags>(
  body: (invocation: Invocation<Flags>, ...args: string[]) => Promise<void>,
): (this: Command) => Promise<void> {
  return async function (this: Command) {
    const flags = this.optsWithGlobals<Flags>();
    const print = (line: string) => process.stdout.write(`${line}\n`);
    const interrupt = new AbortController();
    const onSignal = () => interrupt.abort(new IcestreamError('ABORTED', 'interrupted; nothing was committed'));
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    try {
      // Imported here: help and the version need no catalog.
      const { openLakehouse } = await import('./open-catalog.ts');
      const lakehouse = await openLakehouse(flags, interrupt.signal);
      const invocation: Invocation<Flags> = {
        ...lakehouse,
        flags,
        signal: interrupt.signal,
        progress: async (label) => {
          if (flags.json) return jsonProgress(print);
          if (!process.stderr.isTTY) return noProgress;
          const { terminalProgress } = await import('./terminal-progress.ts');
          return terminalProgress(process.stderr, label);
        },
        result: (data, text) => print(flags.json ? toJsonLine({ type: 'result', ...data }) : text()),
      };
      await body(invocation, ...this.args);
    } catch (thrown) {
      const error = inFlagWords(thrown, (flag) => hasFlag(this, flag));
      if (flags.json) print(toJsonLine(errorLine(error)));
      else process.stderr.write(`${errorText(error)}\n`);
      process.exitCode = exitCodeOf(error);
    } finally {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    }
  };
}

/** Its own, or one that all commands take. */
function hasFlag(command: Command, flag: string): boolean {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    if (at.options.some(({ long }) => long === flag)) return true;
  }
  return false;
}
