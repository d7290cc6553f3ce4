/**
 * A small S3 in memory behind `fetch`, for faults alone: what a real server does is tested with real servers. Checks
 * no signatures.
 */

import type { Bytes } from '../../src/util/bytes.ts';
import { crc32 } from '../../src/util/crc32.ts';
import { concatBytes } from '../../src/util/encoding.ts';
import { defaultWorld, type World } from '../../src/util/world.ts';

export interface FakeRequest {
  readonly method: string;
  /** `bucket/key`, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Bytes;
  /** 1 for the first request of this method, path and query, and so on. */
  readonly attempt: number;
}

/**
 * `lost`: carried out, but the answer does not arrive. `down`: does not arrive. `hang`: no answer, and time passes until
 * it is given up. A response: is the answer, nothing is carried out. Null: as usual.
 */
export type Fault = 'lost' | 'down' | 'hang' | Response | null;

interface FakeObject {
  readonly bytes: Bytes;
  readonly etag: string;
  readonly headers: ReadonlyMap<string, string>;
}

export class FakeS3 {
  readonly objects = new Map<string, FakeObject>();
  readonly uploads = new Map<string, { readonly path: string; readonly parts: Map<number, Bytes> }>();
  readonly requests: FakeRequest[] = [];
  readonly slept: number[] = [];
  /** Most part uploads at one time. */
  mostParts = 0;
  fault: (request: FakeRequest) => Fault | Promise<Fault> = () => null;
  /** Changes an answer on its way. */
  change: (response: Response, request: FakeRequest) => Response | Promise<Response> = (response) => response;
  /** End the sleeps that guard against hanging. */
  readonly #guards = new Set<() => void>();
  #partsNow = 0;
  #ids = 0;

  /** Sleeps that guard against hanging now. */
  get guards(): number {
    return this.#guards.size;
  }

  /** All guards against hanging find that it took too long. */
  passTime(): void {
    for (const end of this.#guards) end();
    this.#guards.clear();
  }

  /** Sleeps end at once, except those that guard against hanging: these end with `passTime`. */
  world(): World {
    return {
      ...defaultWorld,
      fetch: (request) => this.#fetch(request),
      sleep: (ms, signal) => {
        if (ms >= 60_000) return this.#guard(signal);
        this.slept.push(ms);
        return defaultWorld.sleep(0, signal);
      },
    };
  }

  #guard(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#guards.add(resolve);
      signal?.addEventListener('abort', () => {
        this.#guards.delete(resolve);
        reject(signal.reason);
      });
    });
  }

  async #fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = decodeURIComponent(url.pathname.slice(1));
    const same = (r: FakeRequest) =>
      r.method === request.method && r.path === path && String(r.query) === String(url.searchParams);
    const seen: FakeRequest = {
      method: request.method,
      path,
      query: url.searchParams,
      headers: request.headers,
      body: new Uint8Array(await request.arrayBuffer()),
      attempt: this.requests.filter(same).length + 1,
    };
    this.requests.push(seen);
    const part = seen.query.has('partNumber');
    if (part) this.mostParts = Math.max(this.mostParts, ++this.#partsNow);
    try {
      const fault = await this.fault(seen);
      request.signal.throwIfAborted();
      if (fault instanceof Response) return fault;
      if (fault === 'hang') {
        const givenUp = new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason));
        });
        this.passTime();
        await givenUp;
      }
      const response = fault === 'down' ? null : this.#answer(seen);
      if (fault !== null || response === null) throw new TypeError('network connection lost');
      return await this.change(response, seen);
    } finally {
      if (part) this.#partsNow -= 1;
    }
  }

  #answer(request: FakeRequest): Response {
    const { method, query, path } = request;
    if (query.has('uploads')) return method === 'POST' ? this.#create(path) : this.#listUploads(request);
    if (query.has('delete')) return this.#deleteMany(request);
    const uploadId = query.get('uploadId');
    if (uploadId !== null) return this.#upload(request, uploadId);
    if (method === 'PUT') return this.#put(request);
    if (method === 'DELETE') {
      this.objects.delete(path);
      return new Response(null, { status: 204 });
    }
    return this.#get(request);
  }

  #put({ path, headers, body }: FakeRequest): Response {
    const there = this.objects.get(path);
    if (headers.has('if-none-match') && there !== undefined) return xmlError(412, 'PreconditionFailed');
    const match = headers.get('if-match');
    if (match !== null && there?.etag !== match) return xmlError(412, 'PreconditionFailed');
    const meta = [...headers].filter(([name]) => name.startsWith('x-amz-meta-'));
    return this.#store(path, body, `"${crc32(body).toString(16)}"`, new Map(meta));
  }

  #store(path: string, bytes: Bytes, etag: string, headers: ReadonlyMap<string, string> = new Map()): Response {
    this.objects.set(path, { bytes, etag, headers });
    return new Response(null, { status: 200, headers: { etag } });
  }

  #get({ method, path, headers }: FakeRequest): Response {
    const object = this.objects.get(path);
    if (object === undefined)
      return method === 'HEAD' ? new Response(null, { status: 404 }) : xmlError(404, 'NoSuchKey');
    const { bytes, etag } = object;
    const match = headers.get('if-match');
    if (match !== null && match !== etag) return xmlError(412, 'PreconditionFailed');
    const base = { etag, ...Object.fromEntries(object.headers) };
    if (method === 'HEAD') return new Response(null, { headers: { ...base, 'content-length': String(bytes.length) } });
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.get('range') ?? '');
    if (range === null) return new Response(bytes, { headers: base });
    const start = Number(range[1]);
    if (start >= bytes.length) return xmlError(416, 'InvalidRange');
    const end = range[2] === '' ? bytes.length : Math.min(bytes.length, Number(range[2]) + 1);
    return new Response(bytes.slice(start, end), {
      status: 206,
      headers: { ...base, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` },
    });
  }

  #create(path: string): Response {
    const id = `upload-${++this.#ids}`;
    this.uploads.set(id, { path, parts: new Map() });
    return new Response(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }

  #listUploads({ path, query }: FakeRequest): Response {
    const found = [...this.uploads]
      .filter(([, upload]) => upload.path === path + query.get('prefix'))
      .map(([id]) => `<Upload><Key>${query.get('prefix')}</Key><UploadId>${id}</UploadId></Upload>`);
    return new Response(`<ListMultipartUploadsResult>${found.join('')}</ListMultipartUploadsResult>`);
  }

  #upload({ method, path, query, body }: FakeRequest, id: string): Response {
    const upload = this.uploads.get(id);
    if (upload === undefined) return xmlError(404, 'NoSuchUpload');
    if (method === 'DELETE') {
      this.uploads.delete(id);
      return new Response(null, { status: 204 });
    }
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return new Response(null, { headers: { etag: `"${crc32(body).toString(16)}"` } });
    }
    const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    this.uploads.delete(id);
    this.#store(path, concatBytes(parts), `"joined-${parts.length}"`);
    return new Response('<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>');
  }

  #deleteMany({ path, body }: FakeRequest): Response {
    const keys = [...new TextDecoder().decode(body).matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? '');
    for (const key of keys) this.objects.delete(path + key);
    return new Response('<DeleteResult/>');
  }
}

/** An error as S3 spells it. `more`: further elements. */
export function xmlError(status: number, code: string, more = '', headers: Record<string, string> = {}): Response {
  const body = `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>it says ${code}</Message>${more}</Error>`;
  return new Response(body, { status, headers });
}
