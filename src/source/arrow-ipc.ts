/** Arrow IPC, stream and file format alike, batch by batch as the bytes arrive. */
import type { Batch } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { handOver, makeOpenSource } from './batch-flow.ts';
import type { ByteStream } from './byte-stream.ts';
import { refuseBadNames, refuseOtherTypes, refuseUnknownTypes } from './column-types.ts';
import { EndMarkerCheck } from './end-marker.ts';
import { DAMAGED, inFile } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import type { OpenSource } from './source.ts';

/** Takes over the stream; reads up to the schema. */
export async function openArrowIpc(stream: ByteStream, context: FileContext): Promise<OpenSource> {
  const { name, open, options, given } = context;
  const end = new EndMarkerCheck();
  const next = async () => {
    const piece = await stream.next();
    if (piece !== null) end.see(piece);
    return piece;
  };
  /** What is left, when it is known that nothing is missing. */
  const finish = () => {
    const rest = reader.finish();
    try {
      if (options.requireEndOfStream !== false) end.finish();
      return rest;
    } catch (error) {
      for (const batch of rest) batch.free();
      throw error;
    }
  };
  const reader = open.engine.ipcReader();
  /** Batches that came with the schema. */
  let early: Batch[] = [];
  const release = async () => {
    for (const batch of early) batch.free();
    early = [];
    reader.free();
    await stream.cancel();
  };

  async function* batches(): AsyncGenerator<Batch, void, undefined> {
    try {
      const first = early;
      early = [];
      yield* handOver(first);
      for (let piece = await next(); piece !== null; piece = await next()) {
        yield* handOver(reader.push(piece));
      }
      yield* handOver(finish());
    } catch (error) {
      throw inFile(error, name, DAMAGED);
    }
  }

  try {
    while (reader.schema === null) {
      const piece = await next();
      if (piece === null) {
        early.push(...finish());
        break;
      }
      early.push(...reader.push(piece));
    }
    const { schema } = reader;
    if (schema === null) {
      throw new IcestreamError('SOURCE_CORRUPT', 'the Arrow data ends before its schema; the file is cut off');
    }
    refuseBadNames(schema, name);
    refuseUnknownTypes(given, schema, name, open);
    await refuseOtherTypes(given, schema, name, open);
    return makeOpenSource({ name, schema, batches, close: release });
  } catch (error) {
    await release();
    throw inFile(error, name, DAMAGED);
  }
}
