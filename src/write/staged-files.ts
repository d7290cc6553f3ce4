/** The files that one write put into the store: only they are ever deleted, and only when that is safe. */
import { IcestreamError, type IcestreamErrorOptions } from '../errors.ts';
import type { Store } from '../storage/store.ts';

export class StagedFiles {
  readonly #store: Pick<Store, 'delete'>;
  readonly #locations = new Set<string>();

  constructor(store: Pick<Store, 'delete'>) {
    this.#store = store;
  }

  /** Notes a file before it is written: a put whose answer was lost may have stored it. */
  add(location: string): void {
    this.#locations.add(location);
  }

  /** The file is known not to be there, or others answer for it. */
  drop(location: string): void {
    this.#locations.delete(location);
  }

  all(): readonly string[] {
    return [...this.#locations];
  }

  /** Nothing is removed any more: the files may be, or become, part of the table. */
  forget(): void {
    this.#locations.clear();
  }

  /** Removes files that no commit names or will name; never throws, returns what is still there. */
  async remove(locations: readonly string[] = this.all()): Promise<readonly string[]> {
    const own = locations.filter((location) => this.#locations.has(location));
    if (own.length === 0) return [];
    try {
      const { failed } = await this.#store.delete(own);
      const left = new Set(failed);
      for (const location of own) if (!left.has(location)) this.#locations.delete(location);
      return failed;
    } catch {
      return own;
    }
  }
}

/** `error` with the files that could not be removed named in it; the same error when there are none. */
export function withLeftBehind(error: unknown, leftBehind: readonly string[]): unknown {
  if (leftBehind.length === 0) return error;
  const base = error instanceof IcestreamError ? error : null;
  const options: IcestreamErrorOptions = {
    ...base?.place,
    cause: error,
    retryable: base?.retryable ?? false,
    leftBehind: [...(base?.leftBehind ?? []), ...leftBehind],
  };
  const message = error instanceof Error ? error.message : String(error);
  return new IcestreamError(
    base?.code ?? 'COMMIT_FAILED',
    `${message} (${leftBehind.length} staged files could not be removed: ${leftBehind.slice(0, 3).join(', ')}${leftBehind.length > 3 ? ', …' : ''})`,
    options,
  );
}
