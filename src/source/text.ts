/** Opening text; imported when there is some. */
import type { ByteStream } from './byte-stream.ts';
import { openCsv } from './csv.ts';
import type { FileContext } from './file-context.ts';
import { openJson } from './json.ts';
import type { OpenSource } from './source.ts';
import { toUtf8 } from './utf16.ts';
import { withColumns } from './with-columns.ts';

/** Takes over the stream. */
export async function openJsonText(stream: ByteStream, context: FileContext): Promise<OpenSource> {
  const text = await toUtf8(stream, context.open);
  try {
    return await openJson(text, context);
  } catch (error) {
    await text.cancel();
    throw error;
  }
}

/** Takes over the stream. */
export function openCsvText(stream: ByteStream, context: FileContext, tabs: boolean): Promise<OpenSource> {
  return withColumns(context, () => openCsv(stream, context, tabs));
}
