/** Serves files over HTTP on this machine, ranges too. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface FileServer extends AsyncDisposable {
  readonly address: string;
}

/** `fileOf`: the file for a path of a request, which begins with a slash and has no dot segments. */
export async function fileServer(fileOf: (path: string) => string): Promise<FileServer> {
  const server = createServer(async ({ url = '/', headers }, response) => {
    const file = fileOf(normalize(new URL(url, 'http://localhost').pathname));
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html>there is no such page');
      return;
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(range?.[2] ? Number(range[2]) : found.size - 1, found.size - 1);
    response.writeHead(range ? 206 : 200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': end - start + 1,
      etag: `"${found.mtimeMs}"`,
      ...(range && { 'content-range': `bytes ${start}-${end}/${found.size}` }),
    });
    // A client that goes away in the middle is none of this server's business.
    await pipeline(createReadStream(file, { start, end }), response).catch(() => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
