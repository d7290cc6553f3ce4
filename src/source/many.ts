/** Many inputs as one source, in the order given. */
import { IcestreamError } from '../errors.ts';
import type { SourceOptions } from './options.ts';
import { RejectCounter } from './rejects.ts';
import type { RecordBatchSource } from './source.ts';

export interface ManyOptions extends Pick<SourceOptions, 'columns' | 'schema'> {
  readonly name?: string;
  /**
   * Every file's schema is read first, and the source has the columns of all (missing ones are null), in types that
   * hold every file's values; `columns` and `schema` may name what only some have. Needs inputs that can be opened twice. Default false: the first file says which columns
   * there are, and each other file must have the same, in any order.
   */
  readonly unionByName?: boolean;
  /**
   * `name=value` folders in the files' names become columns (percent-decoded; `__HIVE_DEFAULT_PARTITION__` is null), of
   * type long or date when all values are, else string; a table's or a given type wins. A column that the file itself
   * has is read from the file. `columns` and `schema` may name them. Default false.
   */
  readonly hivePartitioning?: boolean;
  /** Over all inputs. Default: no limit. */
  readonly maxBadRows?: number;
}

/**
 * Inputs one after the other as one source; empty files (0 bytes) are passed over unless all are empty.
 * @throws IcestreamError INVALID_ARGUMENT for no inputs; SCHEMA_MISMATCH (naming file and columns) when read.
 */
export function unionSources(sources: readonly RecordBatchSource[], options: ManyOptions = {}): RecordBatchSource {
  if (sources.length === 0) {
    throw new IcestreamError('INVALID_ARGUMENT', 'there are no inputs to read; pass at least one');
  }
  new RejectCounter(options.maxBadRows);
  if (options.unionByName === true) {
    const once = sources.find((source) => !source.replayable);
    if (once !== undefined) {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `unionByName reads every schema first, and ${once.name} can be read only once; pass a file, or leave unionByName`,
        { option: 'unionByName', file: once.name },
      );
    }
  }
  return {
    name: options.name ?? (sources.length === 1 ? (sources[0]?.name ?? '') : `${sources.length} inputs`),
    replayable: sources.every((source) => source.replayable),
    get sizeBytes() {
      const sizes = sources.map((source) => source.sizeBytes);
      return sizes.every((size) => size !== null) ? sizes.reduce((sum, size) => sum + size, 0) : null;
    },
    async open(open) {
      const { openMany } = await import('./open-many.ts');
      return openMany(sources, options, open);
    },
    cancel(reason) {
      for (const source of sources) source.cancel?.(reason);
    },
  };
}
