#!/usr/bin/env node
/** Entry of the `icestream` command. */
import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';

const program = createProgram();
const exitOverride = (command: typeof program): void => {
  command.exitOverride();
  command.commands.forEach((child) => {
    exitOverride(child as typeof program);
  });
};
exitOverride(program);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and version come this way too, with 0.
  process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}
