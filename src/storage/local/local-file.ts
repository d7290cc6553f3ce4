/**
 * A file that is written under a temporary name beside its place and then published in one step, so that nobody ever
 * sees half of it.
 */
import { type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { World } from '../../util/world.ts';
import type { StagedFile } from '../files/staged-file.ts';
import { temporaryName } from '../files/temporary-name.ts';
import { systemCode } from './errors.ts';
import { etagOf } from './etag.ts';

export class LocalFile implements StagedFile {
  readonly path: string;
  readonly temporaryPath: string;
  readonly #handle: FileHandle;
  readonly #durable: boolean;
  /** Folders whose list of names changed. */
  readonly #changed: readonly string[];
  #closed = false;
  sizeBytes = 0;

  private constructor(
    path: string,
    temporaryPath: string,
    handle: FileHandle,
    durable: boolean,
    changed: readonly string[],
  ) {
    this.path = path;
    this.temporaryPath = temporaryPath;
    this.#handle = handle;
    this.#durable = durable;
    this.#changed = changed;
  }

  /** Creates the folders that are missing. `durable`: what is published has reached the disk. */
  static async create(path: string, world: Pick<World, 'randomBytes'>, durable: boolean): Promise<LocalFile> {
    const folder = dirname(path);
    const temporaryPath = `${folder === '/' ? '' : folder}/${temporaryName(world)}`;
    let made: string | undefined;
    let handle: FileHandle;
    try {
      handle = await open(temporaryPath, 'wx');
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error;
      made = await makeFolder(folder);
      handle = await open(temporaryPath, 'wx');
    }
    return new LocalFile(path, temporaryPath, handle, durable, changedFolders(folder, made));
  }

  async write(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
    this.sizeBytes += bytes.length;
  }

  /** Gives the file its name. `exclusive`: fails with EEXIST when there is one, and exactly one of several wins. */
  async publish(exclusive = false): Promise<string> {
    if (this.#durable) await this.#handle.sync();
    const { size } = await this.#handle.stat();
    await this.#close();
    if (size !== this.sizeBytes) {
      throw new IcestreamError('UNAVAILABLE', `${this.path} has ${size} bytes, but ${this.sizeBytes} were written`, {
        file: this.path,
      });
    }
    if (exclusive) await this.#link();
    else await rename(this.temporaryPath, this.path);
    if (this.#durable) for (const folder of this.#changed) await syncFolder(folder);
    return etagOf(await stat(this.path, { bigint: true }));
  }

  /** A hard link never replaces; renaming would. */
  async #link(): Promise<void> {
    try {
      await link(this.temporaryPath, this.path);
    } catch (error) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(systemCode(error) ?? '')) throw error;
      throw new IcestreamError(
        'UNSUPPORTED',
        `${this.path} cannot be created safely: its file system has no hard links; keep the table on another one`,
        { file: this.path, cause: error },
      );
    }
    await rm(this.temporaryPath, { force: true });
  }

  /** Removes the temporary file; whether it is gone. */
  async discard(): Promise<boolean> {
    try {
      await this.#close();
    } catch {
      // the name can be removed all the same
    }
    return rm(this.temporaryPath, { force: true }).then(
      () => true,
      () => false,
    );
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}

/**
 * Creates the folder and those above it that are missing; returns the topmost one that was. Not by `recursive`: where a
 * system lets nobody make a folder and says that none is there (`/proc`), Node would try for ever.
 */
async function makeFolder(folder: string): Promise<string | undefined> {
  const code = await tryMakeFolder(folder);
  if (code === null) return folder;
  if (code === 'EEXIST') return undefined;
  const parent = dirname(folder);
  const made = parent === folder ? undefined : await makeFolder(parent);
  const again = await tryMakeFolder(folder);
  if (again === 'ENOENT') {
    throw new IcestreamError('FORBIDDEN', `no folder can be made in ${parent}; choose another place`, { file: folder });
  }
  // Somebody else may have made it meanwhile.
  return made ?? (again === null ? folder : undefined);
}

/** Null: it is made. EEXIST: it was there. ENOENT: the one above it is not. */
async function tryMakeFolder(folder: string): Promise<'EEXIST' | 'ENOENT' | null> {
  try {
    await mkdir(folder);
    return null;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return code;
    if ((await stat(folder).catch(() => null))?.isDirectory()) return 'EEXIST';
    if (code !== 'EEXIST') throw error;
    throw new IcestreamError('INVALID_ARGUMENT', `${folder} is a file; nothing can be written inside it`, {
      file: folder,
      cause: error,
    });
  }
}

/** `folder`, and the parents of folders that were made for it. */
function changedFolders(folder: string, firstMade: string | undefined): string[] {
  const changed = [folder];
  if (firstMade === undefined) return changed;
  for (let at = folder; at.length >= firstMade.length && at !== dirname(at); at = dirname(at))
    changed.push(dirname(at));
  return changed;
}

async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch {
    return; // systems that cannot open a folder keep its names safe in other ways
  }
  try {
    await handle.sync();
  } catch {
    // not offered by every file system
  } finally {
    await handle.close();
  }
}
