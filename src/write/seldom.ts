/**
 * What few appends come to: their rows are in the table already, there are no rows, or columns to add. One module,
 * because every further one that is imported by itself has bundlers cut what all appends load into smaller chunks.
 */
export { replay } from './commit/replay.ts';
export { endWithoutRows } from './no-rows.ts';
export { fitTableToSource } from './schema-evolution.ts';
