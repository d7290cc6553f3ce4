/** What the app offers, as its configuration lists it, and what it says to the rest of the protocol. */
import type { CatalogCapabilities } from '../../catalog/catalog.ts';

const NAMESPACES = '/v1/{prefix}/namespaces';
const NAMESPACE = `${NAMESPACES}/{namespace}`;
const TABLES = `${NAMESPACE}/tables`;
const TABLE = `${TABLES}/{table}`;

/** In the spec's form: a verb and a path of the OpenAPI file. */
export function endpointsOf(can: CatalogCapabilities, vends: boolean): readonly string[] {
  return [
    `GET ${NAMESPACES}`,
    `POST ${NAMESPACES}`,
    `GET ${NAMESPACE}`,
    `HEAD ${NAMESPACE}`,
    `DELETE ${NAMESPACE}`,
    ...(can.namespaceProperties ? [`POST ${NAMESPACE}/properties`] : []),
    `GET ${TABLES}`,
    `POST ${TABLES}`,
    `GET ${TABLE}`,
    `HEAD ${TABLE}`,
    `POST ${TABLE}`,
    `DELETE ${TABLE}`,
    ...(vends ? [`GET ${TABLE}/credentials`] : []),
    ...(can.rename ? ['POST /v1/{prefix}/tables/rename'] : []),
    ...(can.register ? [`POST ${NAMESPACE}/register`] : []),
    ...(can.transactions ? ['POST /v1/{prefix}/transactions/commit'] : []),
  ];
}

/** Paths after the base, which the protocol has and this app does not: answered 501. The rest is 404. */
export const NOT_OFFERED: readonly (readonly [string, string])[] = [
  ['/oauth/tokens', 'issue tokens: get one from your identity provider, or from the operator'],
  ['/namespaces/:namespace/views/*', 'have views'],
  ['/namespaces/:namespace/register-view', 'have views'],
  ['/views/rename', 'have views'],
  ['/namespaces/:namespace/functions/*', 'have functions'],
  ['/namespaces/:namespace/tables/:table/plan/*', 'plan scans: plan them in the client'],
  ['/namespaces/:namespace/tables/:table/tasks', 'plan scans: plan them in the client'],
  ['/namespaces/:namespace/tables/:table/metrics', 'take metrics'],
  ['/namespaces/:namespace/tables/:table/sign', 'sign requests to storage'],
  ['/namespaces/:namespace/tables/:table/unregister', 'unregister tables'],
];

/** `PT30M` (ISO 8601). */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds % 3600 === 0) return `PT${seconds / 3600}H`;
  return seconds % 60 === 0 ? `PT${seconds / 60}M` : `PT${seconds}S`;
}
