/** Catalogs: where tables are named, and where a commit is decided. */
export type * from './catalog.ts';
export { type CatalogProperties, catalogKind } from './catalog-kind.ts';
export { authFromProperties, restOptionsFromProperties } from './configuration.ts';
export { formatIdentifier, formatNamespace, parseIdentifier, parseNamespace } from './identifier.ts';
export type { AuthContext, OutgoingRequest, Refusal, RestAuth } from './rest/auth/auth.ts';
export { bearer, type TokenSource } from './rest/auth/bearer.ts';
export { noAuth } from './rest/auth/none.ts';
export { type OAuth2Options, oauth2 } from './rest/auth/oauth2.ts';
export { type AwsCredentials, type SigV4Options, sigv4 } from './rest/auth/sigv4.ts';
export { type AccessDelegation, RestCatalog, type RestCatalogOptions } from './rest/rest-catalog.ts';
export type { S3Access } from './rest/storage/table-storage.ts';
export { StoreCatalog, type StoreCatalogOptions } from './store/store-catalog.ts';
