/** Serves a folder's files over HTTP on this machine, ranges too. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Runs `work` with the address under which the files of `folder` are found. */
export async function withFileServer<T>(folder: string, work: (address: string) => Promise<T>): Promise<T> {
  const server = createServer(async ({ url = '/', headers }, response) => {
    const file = join(folder, normalize(new URL(url, 'http://localhost').pathname));
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) {
      response.writeHead(404).end();
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
  try {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    return await work(`http://127.0.0.1:${address.port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
