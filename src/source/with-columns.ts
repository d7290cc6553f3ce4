/** The columns that the caller wants of a source that reads all of them: CSV, Arrow IPC. */
import { onDemand } from '../util/on-demand.ts';
import type { FileContext } from './file-context.ts';
import type { OpenSource } from './source.ts';

export async function withColumns(
  { name, options: { columns }, open }: FileContext,
  openAll: () => Promise<OpenSource>,
): Promise<OpenSource> {
  if (columns === undefined) return openAll();
  const { selectColumns } = await onDemand(import('./select-columns.ts'));
  return selectColumns(await openAll(), columns, open, name);
}
