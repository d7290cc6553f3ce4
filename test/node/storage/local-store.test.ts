import { mkdir, mkdtemp, open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LocalStore } from '../../../src/storage/local/local-store.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { storeConformance } from '../../conformance/store.ts';

let root = '';
let places = 0;
const place = () => join(root, `place-${places++}`);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'icestream-local-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function temporaryFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.tmp'));
}

for (const prefix of ['file://', 'file:', 'file://localhost', '']) {
  storeConformance(`local files as "${prefix}/path"`, async () => {
    const folder = place();
    return {
      store: new LocalStore({ root, durable: false }),
      base: `${prefix}${folder}`,
      foreign: 's3://bucket/key',
      unfinished: () => temporaryFiles(folder),
    };
  });
}

describe('local files', () => {
  it('outside the root are refused', async () => {
    const store = new LocalStore({ root });
    expect(store.serves('/etc/passwd')).toBe(false);
    expect(store.serves(`${root}-beside/x`)).toBe(false);
    await expect(store.read('/etc/passwd')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(store.put(`file://${root}/../x`, utf8('x'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(store.read('file://host/x')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('are not replaced on condition of an etag, and say so', async () => {
    const store = new LocalStore();
    const { etag } = await store.put(`${place()}/x`, utf8('x'));
    const condition = { ifMatch: etag ?? '' };
    await expect(store.put(`${place()}/x`, utf8('y'), { condition })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('a failed create leaves no temporary file', async () => {
    const store = new LocalStore();
    const folder = place();
    await store.put(`${folder}/x`, utf8('first'));
    const condition = { ifNoneMatch: '*' } as const;
    await expect(store.put(`${folder}/x`, utf8('second'), { condition })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    expect(await readdir(folder)).toEqual(['x']);
  });

  it('a folder is no object, and a file is no folder', async () => {
    const store = new LocalStore();
    const folder = place();
    await store.put(`${folder}/sub/x`, utf8('x'));
    expect(await store.stat(`${folder}/sub`)).toBeNull();
    await expect(store.read(`${folder}/sub`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.read(`${folder}/sub/x/y`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.put(`${folder}/sub/x/y`, utf8('y'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(store.put(`${folder}/sub`, utf8('y'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await temporaryFiles(folder)).toEqual([]);
  });

  it('folders are made by many at once', async () => {
    const store = new LocalStore({ root, durable: false });
    const folder = place();
    await Promise.all(Array.from({ length: 8 }, (_, i) => store.put(`${folder}/a/b/c/${i}`, utf8('x'))));
    expect(await readdir(`${folder}/a/b/c`)).toHaveLength(8);
  });

  // Elsewhere there is no such place.
  if (process.platform === 'linux') {
    it('where nobody can make a folder, that is said', async () => {
      const put = new LocalStore().put('/proc/nope/at/all/x', utf8('x'));
      await expect(put).rejects.toMatchObject({ code: 'FORBIDDEN', message: /no folder can be made in \/proc;/ });
    });
  }

  it('unfinished uploads of others are not listed', async () => {
    const store = new LocalStore();
    const folder = place();
    const upload = await store.openUpload(`${folder}/x`);
    await upload.write(utf8('half'));
    expect(await listed(store, `${folder}/`)).toEqual([]);
    await upload.abort();
  });

  it('linked files are listed, linked folders are not walked', async () => {
    const folder = place();
    await mkdir(join(folder, 'real'), { recursive: true });
    await writeFile(join(folder, 'real', 'x'), 'x');
    await symlink(join(folder, 'real', 'x'), join(folder, 'link'));
    await symlink(folder, join(folder, 'loop'));
    expect(await listed(new LocalStore(), `${folder}/`)).toEqual([`${folder}/link`, `${folder}/real/x`]);
  });
});

it('what reaches the disk is not left to a word that is neither true nor false', () => {
  const options = { durable: 0 } as unknown as { durable: boolean };
  expect(() => new LocalStore(options)).toThrow(new TypeError('durable must be true or false, not 0'));
});

describe('a full disk', () => {
  it('is STORAGE_FULL, and leaves nothing behind', async () => {
    const folder = place();
    await mkdir(folder, { recursive: true });
    const probe = await open(join(folder, 'probe'), 'w');
    const handles = Object.getPrototypeOf(probe);
    await probe.close();
    await rm(join(folder, 'probe'));
    const write = vi.spyOn(handles, 'write').mockImplementation(async () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    });
    try {
      const store = new LocalStore();
      const full = { code: 'STORAGE_FULL', message: /disk is full/ };
      await expect(store.put(`${folder}/small`, utf8('x'))).rejects.toMatchObject(full);
      const upload = await store.openUpload(`${folder}/big`);
      await expect(upload.write(utf8('x'))).rejects.toMatchObject(full);
      await expect(upload.finish()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await upload.abort()).toEqual({ leftBehind: [] });
      expect(await readdir(folder)).toEqual([]);
    } finally {
      write.mockRestore();
    }
  });
});

async function listed(store: LocalStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { location } of store.list(prefix)) found.push(location);
  return found;
}
