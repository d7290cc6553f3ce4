#!/usr/bin/env node
/** Entry of the `icestream` command. */
import { exitCodes } from './exit-codes.ts';
import './node-memory.ts';
import { refusedVersion } from './node-version.ts';

const refused = refusedVersion(process.versions);
if (refused !== null) {
  console.error(refused);
  process.exit(exitCodes.usage);
}
// Not a static import: the modules are loaded after the settings above.
const { runCommandLine } = await import('./command-line.ts');
await runCommandLine();
