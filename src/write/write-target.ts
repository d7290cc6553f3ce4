/** What a write is given and gives back, besides options and results. */
import type { Catalog, LoadedTable } from '../catalog/catalog.ts';
import type { World } from '../util/world.ts';
import type { WriteResult } from './write-options.ts';

/** A table to write to, and the world it is in. */
export interface WriteTarget {
  readonly catalog: Catalog;
  readonly table: LoadedTable;
  readonly world: World;
}

/** What a write did, and the table after it. */
export interface WriteEnd {
  readonly result: WriteResult;
  readonly table: LoadedTable;
}
