/**
 * Property tests run on one seed, so that a suite that passed passes again. `VITE_SEED=random` (or a number) explores
 * others; a failure prints its seed.
 */
import fc from 'fast-check';

const { env } = import.meta as ImportMeta & { readonly env?: Readonly<Record<string, string | undefined>> };
const wanted = env?.['VITE_SEED'] ?? '20261121';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
