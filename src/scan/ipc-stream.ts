/** All batches of a scan as one Arrow IPC stream. */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import type { Batch, Engine } from '../engine/engine.ts';
import type { Bytes } from '../util/bytes.ts';
import { utf8 } from '../util/encoding.ts';
import { splitStream } from './ipc-message.ts';
import type { ScanBatch } from './scan-batch.ts';

/** The schema once, the batches, the end; also where there are no batches. */
export async function* oneStream(
  batches: AsyncIterable<ScanBatch>,
  emptyBatch: () => Promise<Bytes>,
): AsyncGenerator<Bytes, void, undefined> {
  let end: Bytes | null = null;
  for await (const { ipc } of batches) {
    const parts = splitStream(ipc);
    if (end === null) yield parts.schema;
    end = parts.end;
    yield parts.batch;
  }
  yield end ?? (await emptyBatch());
}

/** A stream of one batch without rows: its engine makes batches only of rows, so of one that is cut off. */
export function emptyStream(engine: Engine, schema: ArrowSchema): Bytes {
  const source = { fields: schema.fields.map(optionalField) };
  const oneRow = { batchRows: 1, batchBytes: 1, onBadRow: 'fail', unknownFields: 'fail' } as const;
  using reader = engine.jsonReader({ schema: source, ...oneRow });
  const made = [...reader.push(utf8('{}\n')), ...reader.finish()];
  try {
    const [row] = made;
    if (row === undefined) throw new Error('the JSON reader gave no row');
    using aligner = engine.aligner(source, { target: schema, matchBy: 'fieldId' });
    using aligned: Batch = aligner.align(row.slice(0, 0));
    return aligned.toIpc();
  } finally {
    for (const batch of made) batch.free();
  }
}

function optionalField(field: ArrowField): ArrowField {
  return { ...field, nullable: true, type: optionalType(field.type) };
}

function optionalType(type: ArrowType): ArrowType {
  return type.kind === 'struct' ? { ...type, fields: type.fields.map(optionalField) } : type;
}
