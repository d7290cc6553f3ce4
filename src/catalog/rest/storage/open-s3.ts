import { s3OptionsFromProperties } from '../../../storage/s3/properties.ts';
import { S3Store } from '../../../storage/s3/s3-store.ts';
import type { Store } from '../../../storage/store.ts';
import type { World } from '../../../util/world.ts';
import type { S3Access } from './table-storage.ts';

/** The library's own S3 store, for a table of a REST catalog. */
export function openS3Store({ properties, credentials, signer }: S3Access, world: World): Store {
  return new S3Store({
    ...s3OptionsFromProperties(properties),
    ...(credentials === null ? {} : { credentials }),
    ...(signer === null ? {} : { signer }),
    world,
  });
}
