/** Files that are read from their start: recognised by their first bytes, with their compression undone. */
import { IcestreamError } from '../errors.ts';
import { onDemand } from '../util/on-demand.ts';
import type { ByteInput } from './byte-input.ts';
import { ByteStream } from './byte-stream.ts';
import { decompressed } from './decompress.ts';
import { refuseRemains, type Sniffed, sniff, sniffCompression } from './detect-format.ts';
import { inFile } from './errors-in-file.ts';
import type { FileContext } from './file-context.ts';
import { type FileFormat, isTabbed, SNIFF_BYTES } from './format-names.ts';
import { needsRanges, openRanges } from './open-ranges.ts';
import type { OpenSource } from './source.ts';

/** Archives inside archives are not unpacked for ever. */
const MAX_LAYERS = 2;

export async function openStream(input: ByteInput, context: FileContext): Promise<OpenSource> {
  const stream = streamOf(input, context);
  try {
    return await open(stream, input, context);
  } catch (error) {
    await stream.cancel();
    throw inFile(error, context.name);
  }
}

function streamOf(input: ByteInput, { name, open: { lease, signal, onBytesRead } }: FileContext): ByteStream {
  return new ByteStream(input.stream(signal), { name, lease, signal, onBytesRead });
}

async function open(first: ByteStream, input: ByteInput, context: FileContext): Promise<OpenSource> {
  const { format, compression } = context.options;
  const told = compression === undefined || compression === 'none' ? null : compression;
  let stream = told === null ? first : decompressed(first, told, context.open);
  try {
    for (let layer = 0; ; layer++) {
      const head = await stream.peek(SNIFF_BYTES);
      if (stream === first && input.replayable && (await needsRanges(head))) {
        await stream.cancel();
        const ranged = await openRanges(input, context);
        if (ranged !== null) return ranged;
        stream = streamOf(input, context);
      }
      const found = recognise(head, context.name, format);
      if ('format' in found) return await openFormat(stream, found, context);
      if (compression === 'none' || layer === MAX_LAYERS) throw compressedFurther(found.compression, context);
      stream = decompressed(stream, found.compression, context.open);
    }
  } catch (error) {
    await stream.cancel();
    throw error;
  }
}

/** A format that is given is believed; compression is recognised all the same. */
function recognise(head: Uint8Array, name: string, format: FileFormat | undefined): Sniffed {
  if (format === undefined || head.length === 0) return sniff(head, name);
  const compression = sniffCompression(head);
  if (compression !== null) return { compression };
  refuseRemains(head, name);
  return { format, ...(isTabbed(name) ? { tabs: true } : {}) };
}

async function openFormat(
  stream: ByteStream,
  { format, tabs }: Extract<Sniffed, { format: unknown }>,
  context: FileContext,
): Promise<OpenSource> {
  switch (format) {
    case 'arrow': {
      const { openArrow } = await onDemand(import('./arrow.ts'));
      return openArrow(stream, context);
    }
    case 'parquet': {
      const { openSpooledParquet } = await onDemand(import('./spooled-parquet.ts'));
      return openSpooledParquet(stream, context);
    }
    case 'json': {
      const { openJsonText } = await onDemand(import('./text.ts'));
      return openJsonText(stream, context);
    }
    case 'csv': {
      const { openCsvText } = await onDemand(import('./text.ts'));
      return openCsvText(stream, context, tabs ?? false);
    }
  }
}

function compressedFurther(codec: string, { name, options }: FileContext): IcestreamError {
  const why =
    options.compression === 'none' ? "though the option compression says 'none'" : `more than ${MAX_LAYERS} times over`;
  return new IcestreamError('SOURCE_UNREADABLE', `${name}: the bytes are compressed with ${codec}, ${why}`, {
    file: name,
    option: 'compression',
  });
}
