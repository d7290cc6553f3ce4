/**
 * What reads a table, imported when it is first asked for: programs that never read do not have it. One module, because
 * every further one that is imported by itself has bundlers cut what it shares with appends into smaller chunks.
 */
export { files, manifests } from './inspect-files.ts';
export { readTaskBatches, scanBatches, scanStream, scanTasks } from './run-scan.ts';
