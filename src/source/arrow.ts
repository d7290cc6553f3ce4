/** Opening Arrow data; imported when there is some. */
import type { RangeReader } from '../engine/engine.ts';
import { arrowFileStream, lacksSchemaMessage, schemaAtTheEnd } from './arrow-file.ts';
import { openArrowIpc } from './arrow-ipc.ts';
import { ByteStream } from './byte-stream.ts';
import type { FileContext } from './file-context.ts';
import { SNIFF_BYTES } from './format-names.ts';
import type { OpenSource } from './source.ts';
import { withColumns } from './with-columns.ts';

export { lacksSchemaMessage };

/** Takes over the stream. */
export async function openArrow(stream: ByteStream, context: FileContext): Promise<OpenSource> {
  if (lacksSchemaMessage(await stream.peek(SNIFF_BYTES))) throw schemaAtTheEnd(context.name);
  return withColumns(context, () => openArrowIpc(stream, context));
}

/** A file whose schema stands in its footer only. */
export function openArrowFile(file: RangeReader, context: FileContext): Promise<OpenSource> {
  const { name, open } = context;
  const { lease, signal, onBytesRead } = open;
  const chunks = arrowFileStream(file, name, signal);
  return withColumns(context, () =>
    openArrowIpc(new ByteStream(chunks, { name, lease, signal, onBytesRead }), context),
  );
}
