/** The body that creates or stages a table (REST OpenAPI: CreateTableRequest). */
import { newTableMetadata } from '../../spec/table-metadata-new.ts';
import type { CreateTableRequest } from '../catalog.ts';

/**
 * Schema, spec and order are checked and given fresh ids here as the server will do it, so that a request whose ids
 * are 0 or repeated is not ambiguous.
 * @throws IcestreamError as `newTableMetadata`.
 */
export function createBody(name: string, request: CreateTableRequest, staged: boolean) {
  const { 'format-version': version, ...metadata } = newTableMetadata({
    schema: request.schema,
    ...(request.partitionSpec === undefined ? {} : { partitionSpec: request.partitionSpec }),
    ...(request.sortOrder === undefined ? {} : { sortOrder: request.sortOrder }),
    ...(request.properties === undefined ? {} : { properties: request.properties }),
    location: 'memory://unused',
    uuid: '00000000-0000-4000-8000-000000000000',
    now: 0,
  });
  const [order] = metadata['sort-orders'];
  return {
    name,
    schema: metadata.schemas[0],
    'partition-spec': metadata['partition-specs'][0],
    ...(order === undefined || order.fields.length === 0 ? {} : { 'write-order': order }),
    'stage-create': staged,
    properties: { ...request.properties, 'format-version': String(version) },
    ...(request.location === undefined ? {} : { location: request.location }),
  };
}
