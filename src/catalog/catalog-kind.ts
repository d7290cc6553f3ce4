/** Which kind of catalog PyIceberg's configuration names. */
import { IcestreamError } from '../errors.ts';

/** By PyIceberg's names: `uri`, `warehouse`, `s3.endpoint`, … */
export type CatalogProperties = ReadonlyMap<string, string>;

/**
 * `rest` when `type` says so or `uri` is an http address; `store` when there is only a warehouse.
 * @throws IcestreamError UNSUPPORTED for another type (`sql`, `glue`, `hive`, …); INVALID_ARGUMENT without either.
 */
export function catalogKind(properties: CatalogProperties): 'rest' | 'store' {
  const type = properties.get('type')?.toLowerCase();
  const uri = properties.get('uri');
  if (type === 'rest' || (type === undefined && uri !== undefined && /^https?:/i.test(uri))) return 'rest';
  if (type !== undefined || uri !== undefined) {
    const shown = type ?? uri?.split(':')[0] ?? '';
    throw new IcestreamError(
      'UNSUPPORTED',
      `catalogs of type ${shown} are not supported: give a REST catalog (type rest and uri), or a warehouse alone`,
      { option: 'type' },
    );
  }
  if (properties.get('warehouse')) return 'store';
  throw new IcestreamError('INVALID_ARGUMENT', 'no catalog is named: give uri, or warehouse for a catalog on a store', {
    option: 'uri',
  });
}
