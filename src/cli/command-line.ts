/** Reads the words of the command, runs it and sets the exit code. */
import { CommanderError } from 'commander';
import { IcestreamError } from '../errors.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { errorLine, errorText, toJsonLine } from './output.ts';
import { createProgram } from './program.ts';

export async function runCommandLine(): Promise<void> {
  // Who reads the output may leave, and the disk that it goes to may be full; the load goes on.
  process.stdout.on('error', (error) => void outputFailed(error));
  process.stderr.on('error', () => {});
  await runWords(process.argv.slice(2));
}

async function outputFailed(error: NodeJS.ErrnoException): Promise<void> {
  if (error.code === 'EPIPE') return;
  const { localError } = await import('../storage/local/errors.ts');
  const named = localError(error, 'standard output');
  process.exitCode ||= exitCodeOf(named);
  process.stderr.write(`${errorText(named)}; what was printed is not complete\n`);
}

/** @param words of the command line, without the program's name. */
export async function runWords(words: readonly string[]): Promise<void> {
  const program = createProgram();
  const exitOverride = (command: typeof program): void => {
    command.exitOverride();
    command.commands.forEach((child) => {
      exitOverride(child as typeof program);
    });
  };
  exitOverride(program);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version come this way too, with 0.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    // The text for people is on standard error already.
    if (error.exitCode === 0 || error.code === 'commander.help' || !words.includes('--json')) return;
    const refused = new IcestreamError('INVALID_ARGUMENT', error.message.replace(/^error: /, ''), { cause: error });
    process.stdout.write(`${toJsonLine(errorLine(refused))}\n`);
  }
}
