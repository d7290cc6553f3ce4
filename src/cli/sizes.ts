/** `96MiB`, `1.5GB`, `1048576`: sizes as people type them, in bytes. */
import { IcestreamError } from '../errors.ts';

const factors = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1024],
  ['kb', 1000],
  ['kib', 1024],
  ['m', 1024 ** 2],
  ['mb', 1000 ** 2],
  ['mib', 1024 ** 2],
  ['g', 1024 ** 3],
  ['gb', 1000 ** 3],
  ['gib', 1024 ** 3],
]);

export function parseSize(text: string, option: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const factor = factors.get(match?.[2]?.toLowerCase() ?? '');
  const bytes = Math.round(Number(match?.[1]) * (factor ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes === 0) {
    throw new IcestreamError('INVALID_ARGUMENT', `${option} takes a size like 96MiB, not '${text}'`, { option });
  }
  return bytes;
}
