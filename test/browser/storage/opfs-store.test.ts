/** The store over a browser's own file system. */
import { OpfsStore } from '../../../src/storage/opfs/opfs-store.ts';
import { storeConformance } from '../../conformance/store.ts';

let places = 0;

async function temporaryFiles(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const found: string[] = [];
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'directory') found.push(...(await temporaryFiles(handle as FileSystemDirectoryHandle)));
    else if (name.endsWith('.tmp')) found.push(name);
  }
  return found;
}

storeConformance('OPFS', async () => {
  places += 1;
  const folder = `place ${places} ${Date.now()}`;
  const root = await navigator.storage.getDirectory();
  return {
    store: new OpfsStore(),
    base: `opfs:///${folder}`,
    foreign: 's3://other/x',
    unfinished: async () => temporaryFiles(await root.getDirectoryHandle(folder)),
  };
});
