/** One file of any format as a source. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { ByteInput } from './byte-input.ts';
import { givenSchema } from './column-types.ts';
import type { SourceOptions } from './options.ts';
import { RejectCounter } from './rejects.ts';
import type { OpenSource, OpenSourceOptions, RecordBatchSource } from './source.ts';

/** A source over bytes; `rejects` is shared when the file is one of many. */
export class FileSource implements RecordBatchSource {
  readonly name: string;
  readonly replayable: boolean;
  readonly #input: ByteInput;
  readonly #options: SourceOptions;
  readonly #given: ArrowSchema | null;

  constructor(input: ByteInput, options: SourceOptions = {}) {
    this.name = options.name ?? input.name;
    this.replayable = input.replayable;
    this.#input = input;
    this.#options = options;
    this.#given = givenSchema(options);
    // A wrong limit is an error at once, not when rows are read.
    new RejectCounter(options.maxBadRows);
  }

  get sizeBytes(): number | null {
    return this.#input.sizeBytes;
  }

  open(open: OpenSourceOptions): Promise<OpenSource> {
    return this.openWith(open, new RejectCounter(this.#options.maxBadRows));
  }

  cancel(reason: unknown): void {
    this.#input.cancel?.(reason);
  }

  /** As `open`, with a counter of rejects that belongs to several files. */
  async openWith(open: OpenSourceOptions, rejects: RejectCounter): Promise<OpenSource> {
    const { openFile } = await import('./open-file.ts');
    return openFile(this.#input, { name: this.name, options: this.#options, open, rejects, given: this.#given });
  }
}
