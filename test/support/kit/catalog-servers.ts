/** Two Iceberg REST catalogs: the reference implementation's own test fixture, and Nessie. */
import { delimiter, join } from 'node:path';
import { paths } from './home.ts';
import type { S3Access } from './s3-servers.ts';
import { freePort, type RunningServer, startServer } from './server.ts';

const JAVA_FLAGS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export interface RestFixtureOptions {
  /** Copies the S3 credentials into each table's `config`, as a catalog that vends does. Default false. */
  readonly vendCredentials?: boolean;
}

/** Reference semantics. Note that it accepts any bearer token and that its memory is gone when it ends. */
export async function startRestFixture(s3: S3Access, options: RestFixtureOptions = {}): Promise<RunningServer> {
  const port = await freePort();
  const vended: Readonly<Record<string, string>> = options.vendCredentials
    ? {
        CATALOG_INCLUDE__CREDENTIALS: 'true',
        CATALOG_S3_ACCESS__KEY__ID: s3.accessKeyId,
        CATALOG_S3_SECRET__ACCESS__KEY: s3.secretAccessKey,
      }
    : {};
  return startServer({
    name: 'rest-fixture',
    port,
    command: process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java',
    args: [
      '-Xmx384m',
      ...JAVA_FLAGS,
      '-cp',
      classPath(paths.fixtureJars()),
      'org.apache.iceberg.rest.RESTCatalogServer',
    ],
    env: {
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      CATALOG_WAREHOUSE: `s3://${s3.bucket}/warehouse-${port}`,
      CATALOG_IO__IMPL: 'org.apache.iceberg.aws.s3.S3FileIO',
      CATALOG_S3_ENDPOINT: s3.endpoint,
      CATALOG_S3_PATH__STYLE__ACCESS: 'true',
      CATALOG_CLIENT_REGION: s3.region,
      // its default, SQLite in memory, fails under concurrent commits
      CATALOG_URI: 'jdbc:h2:mem:catalog;DB_CLOSE_DELAY=-1',
      CATALOG_REST_PORT: String(port),
      ...vended,
    },
    healthPath: '/v1/config',
  });
}

/** The folder of a class path with all its jars. */
function classPath(folder: string): string {
  return ['', '*'].map((name) => join(folder, name)).join(delimiter);
}

/**
 * Vends credentials (of the S3 server's STS, per table) and signs remotely; `${url}/iceberg` is the catalog,
 * `warehouse` its warehouse. A null `assert-ref-snapshot-id` is not enforced by it: do not test conflicts with it.
 */
export async function startNessie(s3: S3Access): Promise<RunningServer> {
  const port = await freePort();
  const s3Options = {
    endpoint: s3.endpoint,
    'path-style-access': 'true',
    region: s3.region,
    'access-key': 'urn:nessie-secret:quarkus:kit-secrets.s3',
    'client-iam.enabled': 'true',
    'client-iam.assume-role': 'arn:aws:iam::123456789012:role/kit',
    'client-iam.session-duration': 'PT1H',
    'sts-endpoint': s3.endpoint,
  };
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    'quarkus.management.host': '127.0.0.1',
    'quarkus.management.port': await freePort(),
    'quarkus.otel.sdk.disabled': 'true',
    'nessie.version.store.type': 'IN_MEMORY',
    'nessie.catalog.default-warehouse': 'warehouse',
    'nessie.catalog.warehouses.warehouse.location': `s3://${s3.bucket}/nessie-${port}`,
    'kit-secrets.s3.name': s3.accessKeyId,
    'kit-secrets.s3.secret': s3.secretAccessKey,
    ...Object.fromEntries(
      Object.entries(s3Options).map(([name, value]) => [`nessie.catalog.service.s3.default-options.${name}`, value]),
    ),
  };
  return startServer({
    name: 'nessie',
    port,
    command: paths.java21(),
    args: [
      '-Xmx512m',
      ...JAVA_FLAGS,
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
      '-jar',
      paths.nessieJar(),
    ],
    healthPath: '/iceberg/v1/config',
  });
}
