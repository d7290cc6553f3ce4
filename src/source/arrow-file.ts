/**
 * Arrow files whose schema stands only in their footer. The format wants it in front too; the JavaScript library
 * apache-arrow leaves it out. The footer's schema is wrapped as a message, and the rest is read as a stream
 * (Arrow format: IPC File Format, File.fbs, Message.fbs; FlatBuffers layout).
 */
import type { RangeReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { flatField, flatRoot } from './flatbuffer.ts';

/** `ARROW1` and two bytes of padding. */
const START = 8;
/** The length of the footer, and `ARROW1`. */
const END = 10;
const MAX_FOOTER_BYTES = 64 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
const SCHEMA = 1;

/** Whether the head of an Arrow file shows that its first message is not the schema. */
export function lacksSchemaMessage(head: Uint8Array): boolean {
  if (head.length < START + 16 || String.fromCharCode(...head.subarray(0, 6)) !== 'ARROW1') return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const marked = view.getUint32(START, true) === 0xffffffff;
  const metadata = START + (marked ? 8 : 4);
  return within(() => {
    const type = flatField(view, flatRoot(view, metadata), 1);
    return type !== null && view.getUint8(type) !== SCHEMA;
  }, false);
}

/** What is read, or `otherwise` where offsets of a damaged file point outside of it. */
function within<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}

/** The file as an Arrow stream. */
export async function* arrowFileStream(
  file: RangeReader,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  const { sizeBytes } = file;
  const tail = await file.read(Math.max(0, sizeBytes - END), sizeBytes, signal);
  const length = tail.length === END ? new DataView(tail.buffer, tail.byteOffset).getInt32(0, true) : 0;
  const end = sizeBytes - END - length;
  if (
    String.fromCharCode(...tail.subarray(4)) !== 'ARROW1' ||
    length <= 0 ||
    length > MAX_FOOTER_BYTES ||
    end < START
  ) {
    throw new IcestreamError(
      'SOURCE_CORRUPT',
      `${name}: the Arrow file has no footer at its end; it is cut off: get it again`,
      {
        file: name,
      },
    );
  }
  const footer = await file.read(end, end + length, signal);
  const message = within(() => schemaMessage(footer, name), null);
  if (message === null) throw footerError(name);
  yield message;
  for (let at = START; at < end; at += READ_BYTES) yield await file.read(at, Math.min(at + READ_BYTES, end), signal);
}

/**
 * A message whose header points into the footer, which follows it: offsets in FlatBuffers count from where they
 * stand, so the footer's bytes are good as they are at any place that keeps their alignment.
 */
function schemaMessage(footer: Bytes, name: string): Bytes {
  const source = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  const version = flatField(source, flatRoot(source, 0), 0);
  const schema = flatField(source, flatRoot(source, 0), 1);
  if (schema === null) throw footerError(name);
  // Prefix; root offset; vtable of (version, type, header); table; padding to 8; the footer.
  const prefix = 8;
  const table = prefix + 16;
  const embedded = prefix + 32;
  const total = Math.ceil((embedded + footer.length) / 8) * 8;
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0xffffffff, true);
  view.setInt32(4, total - prefix, true);
  view.setUint32(prefix, table - prefix, true);
  const vtable = prefix + 4;
  for (const [i, value] of [10, 12, 4, 6, 8].entries()) view.setUint16(vtable + 2 * i, value, true);
  view.setInt32(table, table - vtable, true);
  view.setInt16(table + 4, version === null ? 0 : source.getInt16(version, true), true);
  view.setUint8(table + 6, SCHEMA);
  const target = embedded + schema + source.getUint32(schema, true);
  view.setUint32(table + 8, target - (table + 8), true);
  out.set(footer, embedded);
  return out;
}

function footerError(name: string): IcestreamError {
  return new IcestreamError(
    'SOURCE_CORRUPT',
    `${name}: the Arrow file's footer has no schema; the file is damaged: get it again, or write it anew`,
    { file: name },
  );
}

/** What is said of such a file when it comes as a stream. */
export function schemaAtTheEnd(name: string): IcestreamError {
  return new IcestreamError(
    'SOURCE_UNREADABLE',
    `${name}: this Arrow file has its schema only in its footer (apache-arrow for JavaScript writes them so); pass a ` +
      'Blob, a URL with ranges or { store, location }, or write the stream format',
    { file: name },
  );
}
