/** Local files in Node, Deno and Bun: `file:///path`, and the other spellings of `path.ts`. */
import { Buffer } from 'node:buffer';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { type OptionNames, requireBooleans, requireKnownOptions } from '../../util/known-options.ts';
import { isWithin } from '../../util/location.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import { FileUpload } from '../files/file-upload.ts';
import { putWhole } from '../files/staged-file.ts';
import type {
  CallOptions,
  ObjectReader,
  ObjectStat,
  OpenUploadOptions,
  PutOptions,
  Store,
  StoreCapabilities,
  Upload,
  UploadResult,
} from '../store.ts';
import { checkRange, notFound, otherStore } from '../store-errors.ts';
import { localError, systemCode } from './errors.ts';
import { etagOf } from './etag.ts';
import { LocalFile } from './local-file.ts';
import { isLocalLocation, localPath } from './path.ts';
import { walk } from './walk.ts';

export interface LocalStoreOptions {
  /** Only files inside this folder are served. Default: all. Links are followed: it is no sandbox. */
  readonly root?: string;
  /** Whether what is written has reached the disk when a call returns. Default true. */
  readonly durable?: boolean;
  readonly world?: Pick<World, 'randomBytes'>;
}

const OPTIONS: OptionNames<LocalStoreOptions> = { root: true, durable: true, world: true };

const STREAM_CHUNK_BYTES = 256 * 1024;
const UNASKED_BYTES = 1024 * 1024;

export class LocalStore implements Store {
  readonly capabilities: StoreCapabilities = {
    conditionalCreate: true,
    conditionalReplace: false,
    multipart: null,
    list: true,
  };
  readonly #root: string | null;
  readonly #durable: boolean;
  readonly #world: Pick<World, 'randomBytes'>;

  /** @throws TypeError for an option that there is not, or that cannot be. */
  constructor(options: LocalStoreOptions = {}) {
    requireKnownOptions('LocalStore', options, OPTIONS);
    requireBooleans({ durable: options.durable });
    this.#root = options.root === undefined ? null : localPath(options.root).path;
    this.#durable = options.durable ?? true;
    this.#world = options.world ?? defaultWorld;
  }

  serves(location: string): boolean {
    if (!isLocalLocation(location)) return false;
    return this.#root === null || isWithin(localPath(location).path, this.#root);
  }

  async read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes> {
    const path = this.#path(location, options);
    const start = range?.start ?? 0;
    checkRange(start, range?.end);
    return this.#guardRead(location, async () => {
      const handle = await open(path, 'r');
      try {
        const asked = range?.end ?? Number.POSITIVE_INFINITY;
        // A file may be shorter than it is asked for; for a little memory it need not be asked.
        const end = asked - start <= UNASKED_BYTES ? asked : Math.min(asked, (await handle.stat()).size);
        // Only what was read of it is given: it need not be zeroed first.
        const out = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(0, end - start)).buffer);
        return out.subarray(0, await readInto(handle, out, start));
      } finally {
        await handle.close();
      }
    });
  }

  async openReader(location: string, options?: CallOptions): Promise<ObjectReader> {
    const path = this.#path(location, options);
    const handle = await this.#guardRead(location, () => open(path, 'r'));
    return {
      readInto: async (into, start) => {
        options?.signal?.throwIfAborted();
        checkRange(start, undefined);
        return this.#guardRead(location, () => readInto(handle, into, start));
      },
      close: () => handle.close().catch(() => {}),
    };
  }

  async stream(location: string, start = 0, options?: CallOptions): Promise<ReadableStream<Bytes>> {
    const path = this.#path(location, options);
    checkRange(start, undefined);
    const handle = await this.#guardRead(location, () => open(path, 'r'));
    let at = start;
    const end = async () => {
      await handle.close();
    };
    return new ReadableStream<Bytes>(
      {
        pull: async (controller) => {
          try {
            options?.signal?.throwIfAborted();
            const { bytesRead, buffer } = await handle.read(new Uint8Array(STREAM_CHUNK_BYTES), { position: at });
            at += bytesRead;
            if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
            await end();
            controller.close();
          } catch (error) {
            await end();
            const isFolder = systemCode(error) === 'EISDIR';
            controller.error(isFolder ? notFound(location, { cause: error }) : localError(error, location));
          }
        },
        cancel: end,
      },
      { highWaterMark: 0 },
    );
  }

  async stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    const path = this.#path(location, options);
    try {
      const found = await stat(path, { bigint: true });
      if (!found.isFile()) return null;
      return {
        location,
        sizeBytes: Number(found.size),
        etag: etagOf(found),
        lastModifiedMs: Number(found.mtimeMs),
      };
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return null;
      throw localError(error, location);
    }
  }

  /** `ifMatch` is refused (UNSUPPORTED): a file system cannot compare and replace in one step. */
  async put(location: string, bytes: Bytes, options: PutOptions = {}): Promise<UploadResult> {
    const path = this.#path(location, options);
    const { condition } = options;
    if (condition !== undefined && 'ifMatch' in condition) {
      throw new IcestreamError('UNSUPPORTED', `${path}: local files cannot be replaced on condition of an etag`, {
        file: path,
      });
    }
    return this.#guard(location, async () => {
      const file = await LocalFile.create(path, this.#world, this.#durable);
      return putWhole(file, location, bytes, options);
    });
  }

  async openUpload(location: string, options: OpenUploadOptions = {}): Promise<Upload> {
    const path = this.#path(location, options);
    return this.#guard(location, async () => {
      const file = await LocalFile.create(path, this.#world, this.#durable);
      return new FileUpload(location, file, {
        temporaryLocation: localPath(location).prefix + file.temporaryPath,
        signal: options.signal,
        errorOf: localError,
      });
    });
  }

  async delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }> {
    const paths = locations.map((location) => ({ location, path: this.#path(location, options) }));
    const failed: string[] = [];
    for (const { location, path } of paths) {
      options?.signal?.throwIfAborted();
      try {
        await rm(path);
      } catch (error) {
        if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) failed.push(location);
      }
    }
    return { failed };
  }

  async *list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat> {
    const local = localPath(prefix);
    options?.signal?.throwIfAborted();
    try {
      yield* walk(local, (path) => this.#root === null || isWithin(path, this.#root), options?.signal);
    } catch (error) {
      throw localError(error, prefix);
    }
  }

  #path(location: string, options: CallOptions | undefined): string {
    options?.signal?.throwIfAborted();
    const { path } = localPath(location);
    if (this.#root !== null && !isWithin(path, this.#root)) throw otherStore(location, `files in ${this.#root}`);
    return path;
  }

  async #guard<T>(location: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw localError(error, location);
    }
  }

  /** Where there is no file, there is no object: a folder, or a path through a file. */
  async #guardRead<T>(location: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')) throw notFound(location, { cause: error });
      throw localError(error, location);
    }
  }
}

/** Fewer bytes than there is room for: the file has ended. */
async function readInto(handle: FileHandle, into: Bytes, start: number): Promise<number> {
  let at = 0;
  while (at < into.length) {
    const { bytesRead } = await handle.read(into, at, into.length - at, start + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at;
}
