/**
 * Keeps the process itself small, next to the memory limit of a load. Imported first: young objects of a load are few,
 * so the space for them need not grow while the modules are loaded (20 MB less); and one optimising compilation of the
 * engine's functions at a time needs 20–30 MB less than several at once, for no more CPU time.
 */
import { setFlagsFromString } from 'node:v8';

const flags = ['--max-semi-space-size=2', '--semi-space-growth-factor=1', '--wasm-num-compilation-tasks=1'];

// Other runtimes that run the command have no such settings.
if (process.versions['bun'] === undefined && process.versions['deno'] === undefined) flags.forEach(setFlagsFromString);
