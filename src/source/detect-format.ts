/** What a file is: by its first bytes, then by its name. */
import { IcestreamError } from '../errors.ts';
import { type Compression, type FileFormat, formatByName, isCompressedName, isTabbed } from './format-names.ts';

export type Sniffed = { readonly compression: Compression } | { readonly format: FileFormat; readonly tabs?: true };

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

const COMPRESSIONS: ReadonlyArray<readonly [Uint8Array, Compression]> = [
  [Uint8Array.of(0x1f, 0x8b), 'gzip'],
  [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), 'zstd'],
];

const FORMATS: ReadonlyArray<readonly [Uint8Array, FileFormat]> = [
  [ascii('PAR1'), 'parquet'],
  [ascii('ARROW1'), 'arrow'],
  [Uint8Array.of(0xff, 0xff, 0xff, 0xff), 'arrow'],
];

const OTHERS: ReadonlyArray<readonly [Uint8Array, string]> = [
  [ascii('PARE'), 'an encrypted Parquet file; decrypt it first'],
  [ascii('FEA1'), 'a Feather V1 file; write it again as Feather V2 (Arrow IPC)'],
  [ascii('ORC'), 'an ORC file; convert it to Parquet'],
  [Uint8Array.of(0x4f, 0x62, 0x6a, 1), 'an Avro file; convert it to Parquet or JSON lines'],
  [Uint8Array.of(0x50, 0x4b, 3, 4), 'a ZIP archive or a spreadsheet; unpack it, or export it as CSV'],
  [Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0), 'an old spreadsheet; export it as CSV'],
  [ascii('BZh'), 'compressed with bzip2; use gzip or zstd'],
  [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'compressed with xz; use gzip or zstd'],
  [Uint8Array.of(0x04, 0x22, 0x4d, 0x18), 'compressed with lz4; use gzip or zstd'],
  [ascii('SQLite format 3'), 'a SQLite database; export its tables as CSV'],
  [ascii('%PDF-'), 'a PDF document'],
  [ascii('\x89HDF'), 'an HDF5 file; convert it to Parquet'],
];

export function sniffCompression(head: Uint8Array): Compression | null {
  return COMPRESSIONS.find(([magic]) => startsWith(head, magic))?.[1] ?? null;
}

/**
 * @throws IcestreamError SOURCE_EMPTY for no bytes; SOURCE_UNREADABLE for a web page; UNSUPPORTED for a file of another
 * kind, by its name where it is known.
 */
export function sniff(head: Uint8Array, name: string): Sniffed {
  if (head.length === 0) {
    throw new IcestreamError('SOURCE_EMPTY', `${name}: the source is empty (0 bytes); it has not even a header`, {
      file: name,
    });
  }
  const compression = sniffCompression(head);
  if (compression !== null) return { compression };
  refuseRemains(head, name);
  const binary = FORMATS.find(([magic]) => startsWith(head, magic));
  if (binary !== undefined) return { format: binary[1] };
  const other = OTHERS.find(([magic]) => startsWith(head, magic));
  if (other !== undefined) throw notRead(name, `is ${other[1]}`);

  const byName = formatByName(name);
  // Streams of Arrow before 0.15 begin with a length and no marker.
  if (byName === 'arrow' || byName === 'parquet') return { format: byName };
  const text = beginning(head);
  if (text === null) {
    throw notRead(name, 'is not text and none of the binary formats read here (Arrow IPC, Parquet, gzip, zstd)');
  }
  if (byName === 'csv') return { format: 'csv', ...(isTabbed(name) ? { tabs: true } : {}) };
  return { format: byName ?? (/^[[{]/.test(text) ? 'json' : 'csv') };
}

/**
 * What often lies where data should be: the first bytes of a compressed file, a web page, a server's message. Whatever
 * the name or the caller says of the format, none of these can be it.
 * @throws IcestreamError SOURCE_CORRUPT, SOURCE_UNREADABLE, UNSUPPORTED.
 */
export function refuseRemains(head: Uint8Array, name: string): void {
  if (isCompressedName(name) && COMPRESSIONS.some(([magic]) => startsWith(magic, head))) {
    throw new IcestreamError(
      'SOURCE_CORRUPT',
      `${name}: the file is cut off after ${head.length} bytes; get it again, or write it anew`,
      { file: name },
    );
  }
  const text = beginning(head) ?? '';
  if (/^<(!doctype html|html|head|body)/i.test(text)) {
    throw new IcestreamError(
      'SOURCE_UNREADABLE',
      `${name}: this is a web page, not data: perhaps a log-in or an error page; check the address and the credentials`,
      { file: name },
    );
  }
  if (/^<(\?xml|error>)/i.test(text)) throw notRead(name, 'is XML: perhaps the error message of a server');
}

function notRead(name: string, what: string): IcestreamError {
  return new IcestreamError('UNSUPPORTED', `${name}: this ${what}`, { file: name });
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

/** The first characters after a byte order mark and white space; null: this is not text. */
function beginning(head: Uint8Array): string | null {
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (!utf16 && head.includes(0)) return null;
  const bytes = utf16 ? head.subarray(2).filter((byte) => byte !== 0) : head;
  const start = !utf16 && startsWith(bytes, Uint8Array.of(0xef, 0xbb, 0xbf)) ? 3 : 0;
  let text = '';
  for (const byte of bytes.subarray(start, start + 256)) text += String.fromCharCode(byte);
  return text.trimStart();
}
