/** Metadata of a table about to be created in a catalog on a store. */
import { IcestreamError } from '../../errors.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { newTableMetadata } from '../../spec/table-metadata-new.ts';
import { uuidV4 } from '../../util/uuid.ts';
import type { World } from '../../util/world.ts';
import type { CreateTableRequest } from '../catalog.ts';

/** @throws IcestreamError UNSUPPORTED for a location of the caller's own; what `newTableMetadata` throws. */
export function newMetadata(request: CreateTableRequest, location: string, world: World): TableMetadata {
  if (request.location !== undefined && request.location.replace(/\/+$/, '') !== location) {
    throw new IcestreamError(
      'UNSUPPORTED',
      `a catalog on a store finds a table by its folder: leave the location out, or give ${location}; data files may go elsewhere with the property write.data.path`,
      { option: 'location' },
    );
  }
  return newTableMetadata({
    schema: request.schema,
    ...(request.partitionSpec === undefined ? {} : { partitionSpec: request.partitionSpec }),
    ...(request.sortOrder === undefined ? {} : { sortOrder: request.sortOrder }),
    ...(request.properties === undefined ? {} : { properties: request.properties }),
    location,
    uuid: uuidV4(world),
    now: world.now(),
  });
}
