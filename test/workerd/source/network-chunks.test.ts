/** What comes from the network in small pieces is read in large ones: each costs a Worker as much time and garbage. */
import { expect, test } from 'vitest';
import { passingChunks } from '../../../src/source/input-stream.ts';
import { fromNetwork, networkPipe } from '../network-pipe.ts';

const mebibyte = 1024 * 1024;

const counting = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 13);

test('pieces of 4 KiB come as chunks of 1 MiB', async () => {
  const sent = counting(2_500_000);
  const sizes: number[] = [];
  const received = new Uint8Array(sent.length);
  let at = 0;
  for await (const chunk of passingChunks(fromNetwork(sent, 4096))) {
    sizes.push(chunk.length);
    received.set(chunk, at);
    at += chunk.length;
  }
  expect(sizes).toEqual([mebibyte, mebibyte, 402_848]);
  // `toEqual` would take seconds.
  expect(received.every((byte, i) => byte === sent[i])).toBe(true);
});

test('a stream that fails fails the reader', async () => {
  const { readable, writable } = networkPipe();
  const writer = writable.getWriter();
  const sent = writer.write(counting(1_200_000)).then(() => writer.abort(new Error('the client went away')));
  let bytes = 0;
  const read = async () => {
    for await (const chunk of passingChunks(readable)) bytes += chunk.length;
  };
  await expect(read()).rejects.toThrow('the client went away');
  await sent;
  expect(bytes).toBe(mebibyte);
});

test('leaving early cancels the stream', async () => {
  const { readable, writable } = networkPipe();
  const writer = writable.getWriter();
  const sent = writer.write(counting(2_400_000));
  for await (const chunk of passingChunks(readable)) {
    expect(chunk.length).toBe(mebibyte);
    break;
  }
  await expect(sent).rejects.toThrow();
});
