/** JSON lines, or one array of objects: types from a sample. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Engine } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { batchRowsWithin } from './batch-rows.ts';
import type { ByteStream } from './byte-stream.ts';
import { knownTypes, lateFields, projected, refuseBadNames } from './column-types.ts';
import { inFile } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { DEFAULT_SAMPLE_BYTES, MIN_SAMPLE_BYTES } from './options.ts';
import type { OpenSource } from './source.ts';
import { openText } from './text-source.ts';

/**
 * Takes over the stream. A row with a field that neither the sample, the caller's schema nor the table has is a bad
 * row, unless the caller chose `columns`.
 */
export async function openJson(stream: ByteStream, context: FileContext): Promise<OpenSource> {
  const { name, options, open, given } = context;
  const sample = await stream.peek(Math.max(options.sampleBytes ?? DEFAULT_SAMPLE_BYTES, MIN_SAMPLE_BYTES));
  try {
    const inferred = infer(open.engine, sample);
    if (inferred.fields.length === 0 && given === null) {
      throw new IcestreamError('SOURCE_EMPTY', 'there are no rows to take columns from; give a schema');
    }
    const fields = knownTypes(inferred.fields, given, open.expected);
    const seen = fields.map((f) => f.name);
    fields.push(...lateFields(seen, given, open));
    refuseBadNames({ fields }, name);
    const schema: ArrowSchema = projected({ fields }, options.columns, name, open);
    const reader = open.engine.jsonReader({
      schema,
      batchRows: batchRowsWithin(options, schema, open.lease),
      onBadRow: options.onBadRow ?? 'fail',
      unknownFields: options.columns === undefined ? 'fail' : 'ignore',
    });
    return openText(stream, reader, context);
  } catch (error) {
    throw inFile(error, name);
  }
}

/** Rows of the sample; a document that is one object over several lines is told apart from broken lines. */
function infer(engine: Engine, sample: Bytes): ArrowSchema {
  try {
    return engine.inferJson(sample);
  } catch (error) {
    const begins = new TextDecoder().decode(sample.subarray(0, 64)).trimStart();
    if (!(error instanceof IcestreamError) || error.code !== 'SOURCE_CORRUPT' || !begins.startsWith('{')) throw error;
    throw new IcestreamError(
      error.code,
      `${error.message}; rows are one JSON object a line, or one array of objects (not one object over several lines)`,
      { ...error.place, cause: error },
    );
  }
}
