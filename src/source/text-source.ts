/** What CSV and JSON share: text through one of the engine's readers, bad rows set aside. */
import type { Batch, TextReader } from '../engine/engine.ts';
import { handOver, makeOpenSource } from './batch-flow.ts';
import type { ByteStream } from './byte-stream.ts';
import { type Advice, BAD_ROW, inFile } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { DEFAULT_BATCH_ROWS } from './options.ts';
import type { OpenSource } from './source.ts';

/** Takes over the stream and the reader. */
export function openText(
  stream: ByteStream,
  reader: TextReader,
  context: FileContext,
  advice: Advice = BAD_ROW,
): OpenSource {
  const { name, options, rejects, open } = context;
  const takeRejects = () => rejects.take(reader.takeRejects(), name, open.onReject);

  async function* batches(): AsyncGenerator<Batch, void, undefined> {
    try {
      for (let piece = await stream.next(); piece !== null; piece = await stream.next()) {
        yield* settled(reader.pull(piece), takeRejects);
      }
      yield* settled(handOver(reader.finish()), takeRejects);
    } catch (error) {
      throw inFile(error, name, advice);
    }
  }
  return makeOpenSource({
    name,
    schema: reader.schema,
    batchRows: options.batchRows ?? DEFAULT_BATCH_ROWS,
    batches,
    close: async () => {
      reader.free();
      await stream.cancel();
    },
  });
}

/** Each batch after the rejects before its end were counted; then those behind the last one. */
function* settled(ready: Iterable<Batch>, takeRejects: () => void): Generator<Batch, void, undefined> {
  for (const batch of ready) {
    try {
      takeRejects();
    } catch (error) {
      batch.free();
      throw error;
    }
    yield batch;
  }
  takeRejects();
}
