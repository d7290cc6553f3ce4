/** Options of calls to a catalog. */
import type { CatalogCallOptions } from '../catalog/catalog.ts';
import { type OptionNames, requireKnownOptions } from '../util/known-options.ts';

export const CALL: OptionNames<CatalogCallOptions> = { signal: true };

/** @throws TypeError for an option that calls of the catalog do not have. */
export function checkCall(method: string, options: CatalogCallOptions = {}): CatalogCallOptions {
  requireKnownOptions(method, options, CALL);
  return options;
}
