/** What every format gets to know of the file it reads. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { SourceOptions } from './options.ts';
import type { RejectCounter } from './rejects.ts';
import type { OpenSourceOptions } from './source.ts';

export interface FileContext {
  readonly name: string;
  readonly options: SourceOptions;
  readonly open: OpenSourceOptions;
  /** Shared by all files of one source. */
  readonly rejects: RejectCounter;
  /** The caller's schema, as Arrow; matched by name. */
  readonly given: ArrowSchema | null;
}
