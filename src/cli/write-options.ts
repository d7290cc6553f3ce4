/** From flags of commands that commit to the options of a write. */
import { requireThreadCount } from '../engine/encode-threads.ts';
import { IcestreamError } from '../errors.ts';
import { LocalStore } from '../storage/local/local-store.ts';
import { requireName } from '../util/known-options.ts';
import { checkSnapshotProperties } from '../write/check-options.ts';
import { requireCommitId } from '../write/commit/commit-lookup.ts';
import { requireWapId } from '../write/commit/write-audit-publish.ts';
import { requireWriter } from '../write/commit/writer-watermark.ts';
import type { SpillPlace, WriteOptions } from '../write/write-options.ts';
import { splitProperty } from './configuration.ts';
import { toLocation } from './locations.ts';
import type { ProgressDisplay } from './progress.ts';
import { parseSize } from './sizes.ts';
import type { WriteFlags } from './write-flags.ts';

/** @throws IcestreamError INVALID_ARGUMENT naming the flag that cannot be used. */
export function writeOptions(
  flags: WriteFlags,
  context: { readonly signal: AbortSignal; readonly display: ProgressDisplay },
): WriteOptions {
  const { commitId, memoryLimit, threads, schemaEvolution, encoding, branch, wapId, snapshotProperty } = flags;
  const { distributionMode, spillDir } = flags;
  const position = writerPosition(flags);
  const inBranch = branch === undefined ? {} : { branch: usable('--branch', () => requireName('branch', branch)) };
  return {
    signal: context.signal,
    onProgress: (progress) => context.display.update(progress),
    ...(commitId === undefined ? {} : { commitId: usable('--commit-id', () => requireCommitId(commitId)) }),
    ...position,
    ...inBranch,
    ...(wapId === undefined
      ? {}
      : { wapId: usable('--wap-id', () => requireWapId({ wapId, ...inBranch, ...position })) }),
    ...(memoryLimit === undefined ? {} : { memoryLimitBytes: parseSize(memoryLimit, '--memory-limit') }),
    ...(threads === undefined ? {} : { threads: usable('--threads', () => requireThreadCount(Number(threads))) }),
    ...(distributionMode === undefined ? {} : { distributionMode }),
    ...(spillDir === undefined ? {} : { spill: localSpill(spillDir) }),
    ...(schemaEvolution === 'add-columns' ? { schemaEvolution: 'addColumns' } : {}),
    ...(encoding === undefined ? {} : { encoding }),
    ...(snapshotProperty === undefined ? {} : { snapshotProperties: propertiesOf(snapshotProperty) }),
  };
}

function propertiesOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const properties = Object.fromEntries(texts.map(splitProperty));
  usable('--snapshot-property', () => checkSnapshotProperties(properties));
  return properties;
}

/** What is in the folder is gone with the write: it need not reach the disk. */
function localSpill(path: string): SpillPlace {
  return { store: new LocalStore({ durable: false }), location: toLocation(path) };
}

function writerPosition({ writer, sequence }: WriteFlags): Pick<WriteOptions, 'writer'> {
  if (writer === undefined && sequence === undefined) return {};
  if (writer === undefined || sequence === undefined || !/^\d+$/.test(sequence)) {
    throw new IcestreamError('INVALID_ARGUMENT', '--writer takes a name and --sequence a whole number; give both', {
      option: writer === undefined ? '--writer' : '--sequence',
    });
  }
  return { writer: usable('--writer', () => requireWriter({ id: writer, sequence: BigInt(sequence) })) };
}

/** What a check of the library refuses is a mistake in the command's words. */
function usable<T>(option: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new IcestreamError('INVALID_ARGUMENT', `${option}: ${error.message}`, { option, cause: error });
  }
}
