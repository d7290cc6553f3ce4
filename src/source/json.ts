/** JSON lines, or one array of objects: types from a sample. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Engine, JsonInference } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import { batchesWithin } from './batch-rows.ts';
import type { ByteStream } from './byte-stream.ts';
import { knownTypes, lateFields, projected, refuseBadNames } from './column-types.ts';
import { inFile } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { inferred, type Sample } from './sample.ts';
import type { OpenSource } from './source.ts';
import { openText } from './text-source.ts';

/**
 * Takes over the stream. A row with a field that neither the sample, the caller's schema nor the table has is a bad
 * row, unless the caller chose `columns`.
 */
export async function openJson(stream: ByteStream, context: FileContext): Promise<OpenSource> {
  const { name, options, open, given } = context;
  try {
    const found = await inferred(
      stream,
      context,
      (sample) => inferColumns(open.engine, sample, given !== null),
      'rows are one JSON object a line, or one array of objects; look for a quote or a bracket that is opened and never ' +
        'closed, or name the format if it is another (option format)',
    );
    if (found.schema.fields.length === 0 && given === null) {
      throw new IcestreamError('SOURCE_EMPTY', 'there are no rows to take columns from; give a schema');
    }
    const fields = knownTypes(found.schema.fields, given, open.expected);
    const seen = fields.map((f) => f.name);
    fields.push(...lateFields(seen, given, open));
    refuseBadNames({ fields }, name);
    const schema: ArrowSchema = projected({ fields }, options.columns, name, open);
    const reader = open.engine.jsonReader({
      schema,
      ...batchesWithin(options, schema, open.lease),
      onBadRow: options.onBadRow ?? 'fail',
      unknownFields: options.columns === undefined ? 'fail' : 'ignore',
    });
    return openText(stream, reader, context);
  } catch (error) {
    throw inFile(error, name);
  }
}

/** Where the caller has named columns, no rows are none of them, and not an error. */
function inferColumns(engine: Engine, { bytes, whole }: Sample, named: boolean): JsonInference {
  try {
    return engine.inferJson(bytes, whole);
  } catch (error) {
    if (!named || !(error instanceof IcestreamError) || error.code !== 'SOURCE_EMPTY') throw error;
    return { schema: { fields: [] }, rows: 0, nextLine: 1 };
  }
}
