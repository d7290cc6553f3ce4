/** What the caller gave and nobody will read any more. */

/** Cancels a stream, and ends an iterable: it may hold a file or a connection open. */
export function endUnread(
  input: ReadableStream<unknown> | AsyncIterable<unknown> | Iterable<unknown>,
  reason: unknown,
): void {
  const end = async () => {
    if (input instanceof ReadableStream) await input.cancel(reason);
    else if (Symbol.asyncIterator in input) await input[Symbol.asyncIterator]().return?.();
    else input[Symbol.iterator]().return?.();
  };
  // How it fails to end does not matter, nor when: nobody waits for it.
  void end().catch(() => {});
}
