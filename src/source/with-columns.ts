/** The columns that the caller wants of a source that reads all of them: CSV, Arrow IPC. */
import { onDemand } from '../util/on-demand.ts';
import type { FileContext } from './file-context.ts';
import type { OpenSource } from './source.ts';

export async function withColumns(
  { name, options: { columns }, open: { engine } }: FileContext,
  open: () => Promise<OpenSource>,
): Promise<OpenSource> {
  if (columns === undefined) return open();
  const { selectColumns } = await onDemand(import('./select-columns.ts'));
  return selectColumns(await open(), columns, engine, name);
}
