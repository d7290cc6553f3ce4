/** The numbers of an encoder's options, checked before they become JSON: NaN and Infinity are null there, which is "none". */
import { IcestreamError } from '../../errors.ts';
import type { ColumnOptions, EncoderOptions } from '../encoder.ts';

/** The engine has 32-bit sizes. */
const MOST = 2 ** 32 - 1;
const LEAST_BLOOM_BYTES = 32;

/** @throws IcestreamError INVALID_ARGUMENT naming the option and what it is. */
export function checkEncoderLimits(options: EncoderOptions): void {
  for (const name of ['pageSizeBytes', 'pageRowLimit', 'dictionarySizeBytes'] as const) {
    requireWhole(name, options[name], 1, MOST);
  }
  if (options.statisticsTruncateBytes != null) {
    requireWhole('statisticsTruncateBytes', options.statisticsTruncateBytes, 1, MOST);
  }
  // Which levels there are depends on the codec: the engine knows.
  if (options.level != null && !Number.isSafeInteger(options.level)) {
    throw refused('level', options.level, 'a whole number, or null for the default of the codec');
  }
  for (const [path, column] of options.columns ?? []) checkColumn(path, column);
}

function checkColumn(path: string, { bloomFilter }: ColumnOptions): void {
  if (bloomFilter == null) return;
  const name = `columns.${path}.bloomFilter`;
  const { fpp, ndv, maxBytes } = bloomFilter;
  if (!(fpp > 0 && fpp < 1)) throw refused(`${name}.fpp`, fpp, 'between 0 and 1');
  if (ndv != null) requireWhole(`${name}.ndv`, ndv, 1, Number.MAX_SAFE_INTEGER);
  requireWhole(`${name}.maxBytes`, maxBytes, LEAST_BLOOM_BYTES, Number.MAX_SAFE_INTEGER);
}

function requireWhole(option: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw refused(option, value, `a whole number from ${least} to ${most}`);
}

function refused(option: string, value: unknown, what: string): IcestreamError {
  return new IcestreamError('INVALID_ARGUMENT', `encoder option ${option} is ${String(value)}, and has to be ${what}`, {
    option,
  });
}
