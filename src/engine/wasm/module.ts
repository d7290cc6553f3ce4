/** The engine's compiled module, from whatever form its wasm comes in; what is no wasm of this version is refused. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { VERSION } from '../../util/version.ts';

/** What the engine's wasm may come from. */
export type EngineModuleSource = WebAssembly.Module | ArrayBuffer | ArrayBufferView<ArrayBuffer> | URL | Response;

/** The custom section in which `wasm/build.mjs` writes the package's version into its artifacts. */
const VERSION_SECTION = 'icestream';

/**
 * @throws IcestreamError UNAVAILABLE (a URL that cannot be fetched, an answer that is no success), INVALID_RESPONSE (an
 * answer that is no wasm), INVALID_ARGUMENT (bytes that are none, or another value), UNSUPPORTED (the runtime compiles
 * none), ENGINE_FAILED (an engine of another version, or another module).
 */
export async function compileModule(source: EngineModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return ofThisVersion(source);
  // Before `Response` is named: Node loads its whole fetch for that.
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return ofThisVersion(await compile(source, 'INVALID_ARGUMENT', 'what was given as the engine’s wasm', ''));
  }
  if (source instanceof URL) return compileAnswer(await fetchWasm(source), withoutQuery(source.href));
  if (source instanceof Response) return compileAnswer(source, withoutQuery(source.url));
  throw new IcestreamError(
    'INVALID_ARGUMENT',
    `the engine's wasm may be a WebAssembly.Module, bytes, a URL or a Response, not ${typeof source === 'string' ? 'text: give new URL(…)' : String(source)}`,
    { option: 'source' },
  );
}

async function fetchWasm(url: URL): Promise<Response> {
  try {
    return await fetch(url);
  } catch (cause) {
    const advice = url.protocol === 'file:' ? '; where fetch reads no files, give their bytes to init()' : '';
    const file = withoutQuery(url.href);
    throw new IcestreamError('UNAVAILABLE', `the engine's wasm cannot be fetched from ${file}${advice}`, {
      cause,
      file,
      retryable: url.protocol !== 'file:',
    });
  }
}

async function compileAnswer(answer: Response, file: string): Promise<WebAssembly.Module> {
  const from = `the answer${file === '' ? '' : ` of ${file}`}`;
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new IcestreamError(
      'UNAVAILABLE',
      `${from} for the engine's wasm is HTTP ${answer.status}; serve the package's icestream.wasm there, or say with init() where it is`,
      { file, status: answer.status, retryable: answer.status >= 500 },
    );
  }
  // Not compileStreaming: a server that sends another content type is no reason to fail.
  return ofThisVersion(await compile(await answer.arrayBuffer(), 'INVALID_RESPONSE', from, file));
}

async function compile(
  source: ArrayBuffer | ArrayBufferView<ArrayBuffer>,
  code: 'INVALID_ARGUMENT' | 'INVALID_RESPONSE',
  from: string,
  file: string,
): Promise<WebAssembly.Module> {
  const bytes: Bytes =
    source instanceof ArrayBuffer
      ? new Uint8Array(source)
      : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (WebAssembly.validate(bytes)) {
      throw new IcestreamError(
        'UNSUPPORTED',
        'this runtime refuses to compile wasm; in a Worker import icestream/icestream.wasm and give that module to init(), on a page allow wasm-unsafe-eval in its Content-Security-Policy',
        { cause },
      );
    }
    const start = [...bytes.subarray(0, 15)].map((byte) =>
      byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.',
    );
    throw new IcestreamError(
      code,
      `${from} is no wasm, or not all of it: ${bytes.length} bytes that begin with '${start.join('')}'; it must be the package's icestream.wasm`,
      { cause, file },
    );
  }
}

/** A module of another version may have the same exports and take other input. */
function ofThisVersion(module: WebAssembly.Module): WebAssembly.Module {
  const [section] = WebAssembly.Module.customSections(module, VERSION_SECTION);
  const version = section === undefined ? null : new TextDecoder().decode(section);
  if (version === VERSION) return module;
  const found = version === null ? 'no engine of icestream' : `the engine of icestream ${version}`;
  throw new IcestreamError(
    'ENGINE_FAILED',
    `the wasm is ${found}; icestream ${VERSION} needs the icestream.wasm of its own package (is an old copy cached or served?)`,
  );
}

/** Addresses may carry a signature. */
function withoutQuery(url: string): string {
  return url.startsWith('data:') ? 'data:' : (url.split(/[?#]/)[0] ?? '');
}
