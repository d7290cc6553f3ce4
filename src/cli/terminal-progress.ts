/** A progress bar on a terminal; loaded only where there is one. */
import cliProgress from 'cli-progress';
import type { WriteProgress } from '../write/write-options.ts';
import { bytes, count } from './output.ts';
import type { ProgressDisplay } from './progress.ts';

export function terminalProgress(stream: NodeJS.WriteStream, label: string): ProgressDisplay {
  const bar = new cliProgress.SingleBar(
    {
      stream,
      hideCursor: true,
      clearOnComplete: true,
      format: (options, params, payload: { progress?: WriteProgress }) => {
        const { progress } = payload;
        const known = params.total > 1 && Number.isFinite(params.progress);
        const drawn = known
          ? `${cliProgress.Format.BarFormat(params.progress, options)} ${Math.floor(params.progress * 100)}%  `
          : '';
        return `${label}  ${drawn}${progress === undefined ? '' : describe(progress)}`;
      },
    },
    cliProgress.Presets.shades_classic,
  );
  let started = false;
  return {
    update(progress) {
      const total = progress.totalRows ?? progress.totalBytes ?? 1;
      const done = progress.totalRows === null ? progress.bytesRead : progress.rowsIn;
      if (!started) bar.start(total, 0, { progress });
      started = true;
      bar.setTotal(total);
      bar.update(Math.min(done, total), { progress });
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

function describe(progress: WriteProgress): string {
  const files = progress.filesWritten + progress.openFiles;
  return [
    `${count(progress.rowsIn)} rows`,
    `${bytes(progress.bytesUploaded)} uploaded`,
    `${files} file${files === 1 ? '' : 's'}`,
    `${bytes(progress.memoryPeakBytes)} peak`,
    progress.phase === 'commit' ? 'committing' : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
