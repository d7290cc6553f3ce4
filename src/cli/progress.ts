/** Progress of a write: a bar on a terminal (`terminal-progress.ts`), JSON lines with `--json`, nothing otherwise. */
import type { WriteProgress } from '../write/write-options.ts';
import { toJsonLine } from './output.ts';

export interface ProgressDisplay {
  update(progress: WriteProgress): void;
  stop(): void;
}

/** One line a second at most: a log of a long load stays readable. */
const jsonIntervalMs = 1000;

export function jsonProgress(print: (line: string) => void): ProgressDisplay {
  let last = 0;
  return {
    update(progress) {
      const now = Date.now();
      if (progress.phase !== 'done' && now - last < jsonIntervalMs) return;
      last = now;
      print(toJsonLine({ type: 'progress', ...progress }));
    },
    stop() {},
  };
}

export const noProgress: ProgressDisplay = { update() {}, stop() {} };
