/** What is given, or what `open` gives at the first call; a failure to open it is tried again by the next. */
export function openedOnce<T extends object>(given: T | (() => Promise<T>)): () => Promise<T> {
  if (typeof given !== 'function') return () => Promise.resolve(given);
  let opening: Promise<T> | null = null;
  return () => {
    opening ??= given().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
}
