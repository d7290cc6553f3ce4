/** Some columns of a source that reads all of them (CSV, Arrow IPC). */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Aligner, Batch } from '../engine/engine.ts';
import { alignInParts } from './align-in-parts.ts';
import { makeOpenSource } from './batch-flow.ts';
import { canonicalField } from './canonical-type.ts';
import { projected } from './column-types.ts';
import type { OpenSource, OpenSourceOptions } from './source.ts';

/**
 * The source with the columns asked for, in their order. Takes over the source.
 * @throws IcestreamError SCHEMA_MISMATCH naming a column that is not there.
 */
export async function selectColumns(
  source: OpenSource,
  columns: readonly string[],
  open: OpenSourceOptions,
  name: string,
): Promise<OpenSource> {
  let schema: ArrowSchema;
  let aligner: Aligner;
  try {
    schema = { fields: projected(source.schema, columns, name, open).fields.map((f) => canonicalField(f)) };
    aligner = open.engine.aligner(source.schema, { target: schema, file: name });
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
  async function* batches(): AsyncGenerator<Batch, void, undefined> {
    for await (const batch of source.batches()) {
      yield* alignInParts(batch, schema, open.lease, (rows) => aligner.align(rows));
    }
  }
  return makeOpenSource({
    name,
    schema,
    totalRows: source.totalRows,
    engineBytes: source.engineBytes ?? 0,
    batchRows: source.batchRows,
    columnsApart: source.columnsApart ?? false,
    batches,
    close: async () => {
      aligner.free();
      await source[Symbol.asyncDispose]();
    },
    currentFile: () => source.currentFile,
  });
}
