/** workerd's own kind of stream, as bodies of requests and answers are. */
export function networkPipe(): TransformStream<Uint8Array, Uint8Array> {
  const { IdentityTransformStream } = globalThis as unknown as { IdentityTransformStream: typeof TransformStream };
  return new IdentityTransformStream();
}

/** Bytes as the network gives them, in pieces of different sizes up to `pieceBytes`. */
export function fromNetwork(bytes: Uint8Array, pieceBytes: number): ReadableStream<Uint8Array> {
  const { readable, writable } = networkPipe();
  const writer = writable.getWriter();
  const write = async () => {
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + (at % pieceBytes);
      await writer.write(bytes.slice(at, end));
      at = end;
    }
    await writer.close();
  };
  write().catch(() => {});
  return readable;
}
