/** A catalog app over a catalog in a Durable Object; each answer is held against the OpenAPI file. */
import { env } from 'cloudflare:workers';
import { anyone, catalogApp } from 'icestream/server';
import { durableKeys } from 'icestream/server/durable-catalog';
import type { Catalog } from '../../../../src/catalog/catalog.ts';
import { RestCatalog } from '../../../../src/catalog/rest/rest-catalog.ts';
import { defaultWorld } from '../../../../src/util/world.ts';
import { checkedFetch } from '../../../support/rest-catalog-answers.ts';
import { type Lake, store } from './lake.ts';

/** `catalog`: in place of the lake's own. */
export function served({ warehouse, catalog: own }: Lake, catalog: Catalog = own) {
  const idempotencyKeys = durableKeys({ binding: env.CATALOG, warehouse });
  const app = catalogApp({ catalog, authenticate: anyone, idempotencyKeys });
  const fetch = checkedFetch((request) => app.fetch(request));
  const connect = () =>
    RestCatalog.connect({ uri: 'http://localhost', world: { ...defaultWorld, fetch }, stores: [store] });
  return { fetch, connect };
}
