/** The package as users have it: built once a process, and run without the condition that leads to its source. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

let built: Promise<unknown> | undefined;

export async function build(): Promise<void> {
  built ??= promisify(execFile)('npm', ['run', '-s', 'build']);
  await built;
}
