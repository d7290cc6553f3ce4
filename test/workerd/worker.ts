/** The Worker that the tests run in: what their bindings name. */
export { CatalogObject } from 'icestream/server/durable-catalog';

export default { fetch: () => new Response(null, { status: 404 }) };
