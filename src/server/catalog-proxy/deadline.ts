import type { World } from '../../util/world.ts';

/** A limit of time for one exchange with an upstream. */
export interface Deadline {
  /** Fires when time is up, the client is gone, or `abort` is called. */
  readonly signal: AbortSignal;
  /** Whether time is up. */
  isPast(): boolean;
  abort(reason: Error): void;
  /** The exchange is over. */
  end(): void;
}

export function deadline(world: World, timeoutMs: number, client: AbortSignal): Deadline {
  const timer = new AbortController();
  const controller = new AbortController();
  let past = false;
  world.sleep(timeoutMs, timer.signal).then(
    () => {
      past = true;
      controller.abort(new Error(`no answer within ${timeoutMs} ms`));
    },
    () => undefined,
  );
  return {
    signal: AbortSignal.any([client, controller.signal]),
    isPast: () => past,
    abort: (reason) => controller.abort(reason),
    end: () => timer.abort(),
  };
}

/** The same bytes; the exchange is over with the last of them. */
export function endingWith(body: ReadableStream<Uint8Array>, { end }: Deadline): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        end();
        throw error;
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
}
