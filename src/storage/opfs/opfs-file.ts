/** A file that is written under a temporary name beside its place, so that nobody ever sees half of it. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { World } from '../../util/world.ts';
import type { StagedFile } from '../files/staged-file.ts';
import { temporaryName } from '../files/temporary-name.ts';
import { preconditionFailed, shown } from '../store-errors.ts';
import { etagOf, fileAtOrNull, folderOf, splitPath } from './folders.ts';

/** Not in TypeScript's library: Chromium, Firefox and Safari have it for files of the origin's own file system. */
type Movable = FileSystemFileHandle & { move?(folder: FileSystemDirectoryHandle, name: string): Promise<void> };

export interface OpfsPlace {
  readonly root: FileSystemDirectoryHandle;
  readonly location: string;
  readonly path: string;
}

export class OpfsFile implements StagedFile {
  readonly temporaryName: string;
  readonly #place: OpfsPlace;
  readonly #folder: FileSystemDirectoryHandle;
  readonly #handle: Movable;
  readonly #writable: FileSystemWritableFileStream;
  #closed = false;
  sizeBytes = 0;

  private constructor(
    place: OpfsPlace,
    folder: FileSystemDirectoryHandle,
    handle: Movable,
    writable: FileSystemWritableFileStream,
  ) {
    this.#place = place;
    this.#folder = folder;
    this.#handle = handle;
    this.#writable = writable;
    this.temporaryName = handle.name;
  }

  /** Creates the folders that are missing. */
  static async create(place: OpfsPlace, world: Pick<World, 'randomBytes'>): Promise<OpfsFile> {
    const folder = await folderOf(place.root, splitPath(place.path).folders, true);
    const handle: Movable = await folder.getFileHandle(temporaryName(world), { create: true });
    if (handle.move === undefined || handle.createWritable === undefined) {
      await folder.removeEntry(handle.name);
      throw new IcestreamError(
        'UNSUPPORTED',
        'this browser cannot write files of its own file system safely; a newer one can (Chromium, Firefox, Safari 26)',
      );
    }
    return new OpfsFile(place, folder, handle, await handle.createWritable());
  }

  async write(bytes: Bytes): Promise<void> {
    await this.#writable.write(bytes);
    this.sizeBytes += bytes.length;
  }

  /** `exclusive`: fails when the name is taken, and exactly one of several wins, in all pages of the origin. */
  async publish(exclusive = false): Promise<string> {
    this.#closed = true;
    await this.#writable.close();
    const { root, path, location } = this.#place;
    return navigator.locks.request(`icestream-opfs ${path}`, async () => {
      if (exclusive && (await fileAtOrNull(root, path)) !== null) {
        throw preconditionFailed(location, 'a file is there already');
      }
      await this.#handle.move?.(this.#folder, splitPath(path).name);
      const stored = await this.#handle.getFile();
      if (stored.size === this.sizeBytes) return etagOf(stored);
      const file = shown(location);
      throw new IcestreamError('UNAVAILABLE', `${file} has ${stored.size} bytes, but ${this.sizeBytes} were written`, {
        file,
      });
    });
  }

  async discard(): Promise<boolean> {
    try {
      if (!this.#closed) await this.#writable.abort();
      this.#closed = true;
      await this.#folder.removeEntry(this.temporaryName);
      return true;
    } catch (error) {
      return error instanceof Error && error.name === 'NotFoundError';
    }
  }
}
