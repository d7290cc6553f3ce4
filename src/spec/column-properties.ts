/** Table properties that name a column: `write.metadata.metrics.column.<name>`, `write.parquet.….column.<name>`. */
import { IcestreamError } from '../errors.ts';
import type { Properties } from './property-readers.ts';
import { requireField } from './schema-index.ts';
import type { StructType } from './types.ts';

const OF_A_COLUMN = /^write\.(?:metadata\.metrics|parquet\.[a-z-]+)\.column\.(.+)$/s;

/**
 * For new tables only, as in Java (TableMetadata.newTableMetadata): those of tables that exist may be of columns that
 * are gone.
 * @throws IcestreamError INVALID_ARGUMENT naming a property whose column the table does not have.
 */
export function requireColumnsOfProperties(properties: Properties, schema: StructType): void {
  for (const key of Object.keys(properties)) {
    const column = OF_A_COLUMN.exec(key)?.[1];
    if (column === undefined) continue;
    try {
      requireField(schema, column);
    } catch (error) {
      if (!(error instanceof IcestreamError)) throw error;
      throw new IcestreamError('INVALID_ARGUMENT', `Table property ${key}: ${error.message}`, { option: key, column });
    }
  }
}
