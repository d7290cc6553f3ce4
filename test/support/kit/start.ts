/**
 * Starts all servers of the kit: `startKit()` for tests and benchmarks; `npm run kit:start` keeps them running and
 * prints where they are, as JSON, until it is interrupted.
 */
import { startNessie, startRestFixture } from './catalog-servers.ts';
import { paths } from './home.ts';
import { install } from './install.ts';
import { type S3Access, startMinio, startVersitygw } from './s3-servers.ts';
import type { RunningServer } from './server.ts';

/** Where everything is. */
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
  /** Python with PyIceberg, DuckDB, PyArrow and PySpark. */
  readonly python: string;
  /** The jars with which PySpark reads Iceberg tables on S3, separated by commas. */
  readonly sparkJars: string;
  /** Folder of `ReadTable.class` and of `lib/*`, the jars it needs. */
  readonly javaReader: string;
}

/** Installs what is missing first. `stop` ends all servers; they also end with this process. */
export async function startKit(log: (line: string) => void): Promise<{ readonly kit: Kit; stop(): Promise<void> }> {
  await install(undefined, log);
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
    const [versitygw, minio] = await all([keep(startVersitygw()), keep(startMinio())]);
    const [fixture, vending, nessie] = await all([
      keep(startRestFixture(versitygw.access)),
      keep(startRestFixture(minio.access, { vendCredentials: true })),
      keep(startNessie(minio.access)),
    ]);
    const kit: Kit = {
      versitygw: versitygw.access,
      minio: minio.access,
      restFixture: { uri: fixture.url },
      restVending: { uri: vending.url },
      nessie: { uri: `${nessie.url}/iceberg`, warehouse: 'warehouse' },
      python: paths.python(),
      sparkJars: `${paths.sparkIcebergJar()},${paths.awsBundleJar()}`,
      javaReader: paths.javaReader(),
    };
    return { kit, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Like `Promise.all`, but fails only when all have ended: one that still starts could not be stopped. */
async function all<T extends readonly Promise<unknown>[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}

if (import.meta.main) {
  const { kit } = await startKit(console.error);
  console.log(JSON.stringify(kit, null, 2));
  setInterval(() => {}, 2 ** 30);
}
