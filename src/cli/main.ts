#!/usr/bin/env node
/** Entry of the `icestream` command. */
import './node-memory.ts';

// Not a static import: the modules are loaded after the settings above.
const { runCommandLine } = await import('./command-line.ts');
await runCommandLine();
