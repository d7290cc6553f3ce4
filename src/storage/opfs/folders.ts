/** Folders and files by path. */
import { compareUtf8 } from '../../util/encoding.ts';
import { isTemporaryName } from '../files/temporary-name.ts';
import { isAbsent } from './errors.ts';

/** The names of a path's folders, and that of its file. */
export function splitPath(path: string): { readonly folders: readonly string[]; readonly name: string } {
  const names = path.split('/').filter((name) => name !== '');
  return { folders: names.slice(0, -1), name: names.at(-1) ?? '' };
}

export async function folderOf(
  root: FileSystemDirectoryHandle,
  folders: readonly string[],
  create = false,
): Promise<FileSystemDirectoryHandle> {
  let folder = root;
  for (const name of folders) folder = await folder.getDirectoryHandle(name, { create });
  return folder;
}

/** As it is now. */
export async function fileAt(root: FileSystemDirectoryHandle, path: string): Promise<File> {
  const { folders, name } = splitPath(path);
  return (await (await folderOf(root, folders)).getFileHandle(name)).getFile();
}

/** Null: there is none. */
export async function fileAtOrNull(root: FileSystemDirectoryHandle, path: string): Promise<File | null> {
  try {
    return await fileAt(root, path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Changes when the file is written anew, unless within one millisecond and with the same size. */
export function etagOf(file: File): string {
  return `"${file.size.toString(16)}-${file.lastModified.toString(16)}"`;
}

/** Paths of files that begin with `start`, in key order; one folder in memory at a time per level. */
export async function* pathsFrom(root: FileSystemDirectoryHandle, start: string): AsyncGenerator<string> {
  const { folders } = splitPath(`${start}x`);
  let folder: FileSystemDirectoryHandle;
  try {
    folder = await folderOf(root, folders);
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  yield* pathsIn(folder, `/${folders.map((name) => `${name}/`).join('')}`, start);
}

async function* pathsIn(folder: FileSystemDirectoryHandle, path: string, start: string): AsyncGenerator<string> {
  const below = new Map<string, FileSystemDirectoryHandle | null>();
  for await (const [name, handle] of folder.entries()) {
    if (isTemporaryName(name)) continue;
    // Folders end with a slash, which also puts their files where key order wants them.
    if (handle.kind === 'directory') below.set(`${path}${name}/`, handle as FileSystemDirectoryHandle);
    else below.set(path + name, null);
  }
  for (const found of [...below.keys()].sort(compareUtf8)) {
    if (!found.startsWith(start) && !start.startsWith(found)) continue;
    const inside = below.get(found) ?? null;
    if (inside !== null) yield* pathsIn(inside, found, start);
    else if (found.startsWith(start)) yield found;
  }
}
