import { IcestreamError } from '../errors.ts';
import type { Catalog, ChangeOptions, Namespace } from './catalog.ts';

/** Makes the namespace where it is not there. */
export async function ensureNamespace(
  catalog: Catalog,
  namespace: Namespace,
  options: ChangeOptions = {},
): Promise<void> {
  try {
    await catalog.createNamespace(namespace, {}, options);
  } catch (error) {
    if (!(error instanceof IcestreamError && error.code === 'ALREADY_EXISTS')) throw error;
  }
}
