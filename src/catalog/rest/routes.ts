/** Paths of the REST catalog API below its URI, percent-encoded (REST OpenAPI: paths). */
import type { Namespace, TableIdentifier } from '../catalog.ts';
import { encodeNamespace, encodePathSegment } from '../identifier.ts';

/** Endpoints as `/v1/config` lists them. */
export const ENDPOINTS = {
  rename: 'POST /v1/{prefix}/tables/rename',
  register: 'POST /v1/{prefix}/namespaces/{namespace}/register',
  namespaceProperties: 'POST /v1/{prefix}/namespaces/{namespace}/properties',
  transactions: 'POST /v1/{prefix}/transactions/commit',
  credentials: 'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials',
} as const;

export interface Routes {
  namespaces(parent: Namespace, page: string): string;
  createNamespace(): string;
  namespace(namespace: Namespace): string;
  tables(namespace: Namespace): string;
  tablesPage(namespace: Namespace, page: string): string;
  table(identifier: TableIdentifier): string;
  credentials(identifier: TableIdentifier): string;
  sign(identifier: TableIdentifier): string;
  rename(): string;
  register(namespace: Namespace): string;
  transactions(): string;
}

/** @param prefix percent-encoded, empty for none. @param separator of namespace levels, percent-encoded. */
export function restRoutes(prefix: string, separator: string): Routes {
  const base = prefix === '' ? '/v1' : `/v1/${prefix}`;
  const namespacePath = (namespace: Namespace) => `${base}/namespaces/${encodeNamespace(namespace, separator)}`;
  const tables = (namespace: Namespace) => `${namespacePath(namespace)}/tables`;
  const table = ({ namespace, name }: TableIdentifier) => `${tables(namespace)}/${encodePathSegment(name)}`;
  return {
    namespaces(parent, page) {
      const under = parent.length === 0 ? '' : `parent=${encodeNamespace(parent, separator)}&`;
      return `${base}/namespaces?${under}pageToken=${encodeURIComponent(page)}`;
    },
    createNamespace: () => `${base}/namespaces`,
    namespace: namespacePath,
    tables,
    tablesPage: (namespace, page) => `${tables(namespace)}?pageToken=${encodeURIComponent(page)}`,
    table,
    credentials: (identifier) => `${table(identifier)}/credentials`,
    sign: (identifier) => `${table(identifier)}/sign`,
    rename: () => `${base}/tables/rename`,
    register: (namespace) => `${namespacePath(namespace)}/register`,
    transactions: () => `${base}/transactions/commit`,
  };
}
