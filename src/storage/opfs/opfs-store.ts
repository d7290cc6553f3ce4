/** The file system that a browser keeps for a site: `opfs:///path`. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import { invalidLocation, parseLocation } from '../../util/location.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import { FileUpload } from '../files/file-upload.ts';
import { putWhole } from '../files/staged-file.ts';
import type {
  CallOptions,
  ObjectStat,
  OpenUploadOptions,
  PutOptions,
  Store,
  StoreCapabilities,
  Upload,
  UploadResult,
} from '../store.ts';
import { checkRange, notFound, otherStore, shown } from '../store-errors.ts';
import { isAbsent, opfsError } from './errors.ts';
import { etagOf, fileAt, fileAtOrNull, folderOf, pathsFrom, splitPath } from './folders.ts';
import { OpfsFile, type OpfsPlace } from './opfs-file.ts';

const SCHEME = 'opfs://';
const PREFIX = `${SCHEME}/`;

export interface OpfsStoreOptions {
  /** Default: the root that `navigator.storage.getDirectory()` gives. */
  readonly root?: FileSystemDirectoryHandle;
  readonly world?: Pick<World, 'randomBytes'>;
}

const OPTIONS: OptionNames<OpfsStoreOptions> = { root: true, world: true };

/**
 * Objects are files, in a window or a worker, shared by all pages of the origin; the browser may evict them unless the
 * page asked for `navigator.storage.persist()`.
 */
export class OpfsStore implements Store {
  readonly capabilities: StoreCapabilities = {
    conditionalCreate: true,
    conditionalReplace: false,
    multipart: null,
    list: true,
  };
  readonly #world: Pick<World, 'randomBytes'>;
  #root: Promise<FileSystemDirectoryHandle> | null;

  /** @throws TypeError for an option that there is not. */
  constructor(options: OpfsStoreOptions = {}) {
    requireKnownOptions('OpfsStore', options, OPTIONS);
    this.#world = options.world ?? defaultWorld;
    this.#root = options.root === undefined ? null : Promise.resolve(options.root);
  }

  serves(location: string): boolean {
    return location.startsWith(PREFIX);
  }

  async read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes> {
    const { start = 0, end } = range ?? {};
    checkRange(start, end);
    return this.#guardRead(location, options, async ({ root, path }) => {
      const file = await fileAt(root, path);
      return new Uint8Array(await file.slice(start, end ?? file.size).arrayBuffer());
    });
  }

  async stream(location: string, start = 0, options?: CallOptions): Promise<ReadableStream<Bytes>> {
    checkRange(start, undefined);
    const file = await this.#guardRead(location, options, ({ root, path }) => fileAt(root, path));
    const reader = file.slice(start).stream().getReader();
    return new ReadableStream<Bytes>(
      {
        pull: async (controller) => {
          try {
            options?.signal?.throwIfAborted();
            const next = await reader.read();
            if (next.done) controller.close();
            else controller.enqueue(next.value as Bytes);
          } catch (error) {
            controller.error(opfsError(error, location));
          }
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  async stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    return this.#guard(location, options, async ({ root, path }) => {
      const file = await fileAtOrNull(root, path);
      return file === null ? null : statOf(location, file);
    });
  }

  /** `ifMatch` is refused (UNSUPPORTED): browsers give files no version. */
  async put(location: string, bytes: Bytes, options: PutOptions = {}): Promise<UploadResult> {
    const { condition } = options;
    if (condition !== undefined && 'ifMatch' in condition) {
      const file = shown(location);
      throw new IcestreamError('UNSUPPORTED', `${file}: a browser’s files cannot be replaced on condition of an etag`, {
        file,
      });
    }
    return this.#guard(location, options, async (place) => {
      const file = await OpfsFile.create(place, this.#world);
      return putWhole(file, location, bytes, options);
    });
  }

  async openUpload(location: string, options: OpenUploadOptions = {}): Promise<Upload> {
    return this.#guard(location, options, async (place) => {
      const file = await OpfsFile.create(place, this.#world);
      const folder = location.slice(0, location.lastIndexOf('/') + 1);
      return new FileUpload(location, file, {
        temporaryLocation: folder + file.temporaryName,
        signal: options.signal,
        errorOf: opfsError,
      });
    });
  }

  async delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }> {
    for (const location of locations) this.#path(location);
    const failed: string[] = [];
    for (const location of locations) {
      const remove = async ({ root, path }: OpfsPlace) => {
        const { folders, name } = splitPath(path);
        await (await folderOf(root, folders)).removeEntry(name);
      };
      try {
        await this.#guard(location, options, remove);
      } catch (error) {
        options?.signal?.throwIfAborted();
        if (!(error instanceof IcestreamError && error.code === 'NOT_FOUND')) failed.push(location);
      }
    }
    return { failed };
  }

  async *list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat> {
    const { root, path } = await this.#guard(prefix, options, async (place) => place);
    try {
      for await (const found of pathsFrom(root, path)) {
        options?.signal?.throwIfAborted();
        const file = await fileAtOrNull(root, found);
        if (file !== null) yield statOf(SCHEME + found, file);
      }
    } catch (error) {
      throw opfsError(error, prefix);
    }
  }

  #path(location: string): string {
    if (!this.serves(location)) throw otherStore(location, PREFIX);
    const { path } = parseLocation(location);
    if (/^\/*$/.test(path)) throw invalidLocation(location, 'it names no file');
    return path.replace(/\/{2,}/g, '/');
  }

  async #guard<T>(location: string, options: CallOptions | undefined, step: (place: OpfsPlace) => Promise<T>) {
    options?.signal?.throwIfAborted();
    const path = this.#path(location);
    try {
      this.#root ??= navigator.storage.getDirectory();
      return await step({ root: await this.#root, location, path });
    } catch (error) {
      throw opfsError(error, location);
    }
  }

  /** Where there is no file, there is no object: a folder, or a path through a file. */
  #guardRead<T>(location: string, options: CallOptions | undefined, step: (place: OpfsPlace) => Promise<T>) {
    return this.#guard(location, options, async (place) => {
      try {
        return await step(place);
      } catch (error) {
        if (isAbsent(error)) throw notFound(location, { cause: error });
        throw error;
      }
    });
  }
}

function statOf(location: string, file: File): ObjectStat {
  return { location, sizeBytes: file.size, etag: etagOf(file), lastModifiedMs: file.lastModified };
}
