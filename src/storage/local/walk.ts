/** The files under a prefix, in key order, one folder in memory at a time per level. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { compareUtf8 } from '../../util/encoding.ts';
import { isTemporaryName } from '../files/temporary-name.ts';
import type { ObjectStat } from '../store.ts';
import { systemCode } from './errors.ts';
import { etagOf } from './etag.ts';
import type { LocalPath } from './path.ts';

/** `allowed` says which paths may be shown; files that vanish meanwhile are left out. */
export async function* walk(
  { prefix, path }: LocalPath,
  allowed: (path: string) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectStat> {
  for await (const found of filesIn(path.slice(0, path.lastIndexOf('/') + 1), path)) {
    signal?.throwIfAborted();
    if (!allowed(found)) continue;
    const facts = await unlessGone(stat(found, { bigint: true }));
    if (facts === null || !facts.isFile()) continue;
    yield {
      location: prefix + found,
      sizeBytes: Number(facts.size),
      etag: etagOf(facts),
      lastModifiedMs: Number(facts.mtimeMs),
    };
  }
}

/** `folder` ends with a slash; only paths that start with `start`, or lead to it, are visited. */
async function* filesIn(folder: string, start: string): AsyncGenerator<string> {
  const entries = (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? [];
  const paths = entries.filter((entry) => !isTemporaryName(entry.name)).map((entry) => pathOf(folder, entry));
  for (const path of paths.sort(compareUtf8)) {
    if (!path.startsWith(start)) continue;
    if (path.endsWith('/')) yield* filesIn(path, start);
    else yield path;
  }
}

/** Folders end with a slash, which also puts their files where key order wants them. */
function pathOf(folder: string, entry: Dirent): string {
  return folder + entry.name + (entry.isDirectory() ? '/' : '');
}

async function unlessGone<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return null;
    throw error;
  }
}
