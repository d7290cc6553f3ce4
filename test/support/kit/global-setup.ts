/** Vitest's global set-up of the interop suite: installs what is missing, starts the servers once, ends them. */
import type { TestProject } from 'vitest/node';
import { startNessie, startRestFixture } from './catalog-servers.ts';
import { paths } from './home.ts';
import { install } from './install.ts';
import { type S3Access, startMinio, startVersitygw } from './s3-servers.ts';
import type { RunningServer } from './server.ts';

/** `inject('kit')` in a test. */
export interface Kit {
  readonly versitygw: S3Access;
  /** Has STS too, at the same endpoint. */
  readonly minio: S3Access;
  /** The Iceberg REST fixture on versitygw; any or no warehouse, no auth. */
  readonly restFixture: { readonly uri: string };
  /** The same, on MinIO, with the S3 credentials in each table's config. */
  readonly restVending: { readonly uri: string };
  /** Nessie on MinIO; vends credentials and signs remotely. */
  readonly nessie: { readonly uri: string; readonly warehouse: string };
  /** Python with PyIceberg, DuckDB and PyArrow. */
  readonly python: string;
  /** Folder of `ReadTable.class` and of `lib/*`, the jars it needs. */
  readonly javaReader: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    kit: Kit;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await install(undefined, console.log);
  const servers: RunningServer[] = [];
  const keep = async <T extends RunningServer>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  const stop = async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  };
  try {
    const [versitygw, minio] = await Promise.all([keep(startVersitygw()), keep(startMinio())]);
    const [fixture, vending, nessie] = await Promise.all([
      keep(startRestFixture(versitygw.access)),
      keep(startRestFixture(minio.access, { vendCredentials: true })),
      keep(startNessie(minio.access)),
    ]);
    project.provide('kit', {
      versitygw: versitygw.access,
      minio: minio.access,
      restFixture: { uri: fixture.url },
      restVending: { uri: vending.url },
      nessie: { uri: `${nessie.url}/iceberg`, warehouse: 'warehouse' },
      python: paths.python(),
      javaReader: paths.javaReader(),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
