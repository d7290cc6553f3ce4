/** What a clustered load needs beside the rest; imported by one. */
export { ClusteredWriter } from './clustered-writer.ts';
export { planMerge } from './merge-plan.ts';
export { RunFiles } from './run-files.ts';
