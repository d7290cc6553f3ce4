#!/usr/bin/env node
/**
 * Builds the engine.
 *
 *   node wasm/build.mjs            what is shipped: wasm/prebuilt/*.wasm and SOURCE.sha256 beside them
 *   node wasm/build.mjs --quick    all of it, quick to build, slow to run: wasm/target/quick.wasm
 *   node wasm/build.mjs --check    do the prebuilt files belong to the sources and match their own hashes?
 *
 * With --rustup: by rustup's compiler, also where Debian's is (toolchain.mjs).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { target, toolchain, version } from './toolchain.mjs';
import { overlayZstd } from './zstd-64-bit.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
const prebuilt = join(root, 'prebuilt');
const record = join(prebuilt, 'SOURCE.sha256');

/** What is shipped, and the features of the crate that are in it. */
const artifacts = {
  'icestream.wasm': ['decode'],
  'icestream-append.wasm': [],
};

/** The host creates the memory with at least this size (src/engine/wasm/instance.ts). */
const initialMemoryBytes = 4 * 1024 * 1024;

const run = (command, args, env = {}) =>
  execFileSync(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' });
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Every file that the artifact is made of, in a fixed order. */
function sourceHash() {
  const rust = ['src', 'arrow-select', 'encodings', 'routing']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.rs$|^Cargo\.toml$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  const hash = createHash('sha256');
  for (const path of ['Cargo.toml', 'Cargo.lock', 'build.mjs', 'toolchain.mjs', 'zstd-64-bit.mjs', ...rust].sort()) {
    hash.update(`${path}\n${sha256(readFileSync(join(root, path)))}\n`);
  }
  return hash.digest('hex');
}

/** A custom section with the package's version, which the loader compares with its own (src/engine/wasm/module.ts). */
function stamp(path) {
  const { version } = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8'));
  // Sizes below 128 are one byte.
  const name = Buffer.from('icestream');
  const content = Buffer.concat([Buffer.of(name.length), name, Buffer.from(version)]);
  appendFileSync(path, Buffer.concat([Buffer.of(0, content.length), content]));
}

const hashOf = (path) => (existsSync(path) ? sha256(readFileSync(path)) : 'missing');
const recorded = () =>
  Object.fromEntries(
    readFileSync(record, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s*/, 2)),
  );
const artifactHashes = () =>
  Object.fromEntries(Object.keys(artifacts).map((name) => [name, hashOf(join(prebuilt, name))]));

function check() {
  const wanted = recorded();
  for (const [key, found] of Object.entries({ source: sourceHash(), ...artifactHashes() })) {
    if (wanted[key] !== found) {
      console.error(`wasm/prebuilt: ${key} is ${found}, SOURCE.sha256 says ${wanted[key]}; run: npm run build:wasm`);
      process.exitCode = 1;
    }
  }
}

/** The sources of a dependency. */
function crateFolder(tools, name) {
  const metadata = execFileSync(tools.cargo, ['metadata', '--locked', '--format-version', '1'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return dirname(JSON.parse(metadata).packages.find((one) => one.name === name).manifest_path);
}

/** One cdylib with these features; answers where it is. */
function compile(tools, profile, features) {
  const quick = profile === 'quick';
  const targetDir = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const remap = [
    [cargoHome, '/cargo'],
    // The crate's own paths are relative; what build scripts generate lies here.
    [targetDir, '/target'],
    ['/usr/lib/rustlib/src/rust', '/rust'],
    ['/usr/src', '/rust'],
  ];
  // The crate type is said here because cargo leaves out link-time optimisation where a crate is an rlib as well.
  const library = ['rustc', '--locked', '--lib', '--crate-type', 'cdylib', '--profile', profile, '--target', target];
  run(tools.cargo, [...library, '--no-default-features', '--features', features.join(), ...tools.cargoArguments], {
    ...tools.environment,
    RUSTC: tools.rustc,
    CARGO_TARGET_DIR: targetDir,
    CC_wasm32_unknown_unknown: tools.clang,
    AR_wasm32_unknown_unknown: tools.archiver,
    CFLAGS_wasm32_unknown_unknown: [
      '-mbulk-memory',
      `-ivfsoverlay ${overlayZstd(crateFolder(tools, 'zstd-sys'), join(targetDir, 'zstd'))}`,
      ...(quick ? [] : remap.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`)),
    ].join(' '),
    // ahash takes its keys from here instead of from the clock of the build.
    CONST_RANDOM_SEED: 'icestream',
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [
      '-Ctarget-feature=+bulk-memory',
      '-Cpanic=abort',
      '-Clink-arg=--import-memory',
      `-Clink-arg=--initial-memory=${initialMemoryBytes}`,
      ...(quick ? [] : remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)),
    ].join(' '),
  });
  return join(targetDir, target, profile, 'icestream_engine.wasm');
}

function buildQuick(tools) {
  const out = join(root, 'target', 'quick.wasm');
  mkdirSync(join(root, 'target'), { recursive: true });
  copyFileSync(compile(tools, 'quick', artifacts['icestream.wasm']), out);
  stamp(out);
  console.log(out);
}

function build(tools) {
  const source = sourceHash();
  mkdirSync(prebuilt, { recursive: true });
  for (const [name, features] of Object.entries(artifacts)) {
    run('wasm-opt', [
      '-Os',
      // A runtime optimises a hot function as a whole, and that takes long: large ones stay apart though they have one caller.
      '--one-caller-inline-max-function-size=300',
      '--enable-bulk-memory',
      '--enable-simd',
      '--enable-sign-ext',
      '--enable-mutable-globals',
      '--enable-nontrapping-float-to-int',
      '--enable-reference-types',
      '--enable-multivalue',
      '--strip-debug',
      '--strip-producers',
      compile(tools, 'size', features),
      '-o',
      join(prebuilt, name),
    ]);
    stamp(join(prebuilt, name));
  }
  if (sourceHash() !== source) throw new Error('the sources changed while they were built: build again');
  const lines = {
    source,
    ...artifactHashes(),
    rustc: version(tools.rustc),
    cargo: version(tools.cargo),
    clang: version(tools.clang),
    'wasm-opt': version('wasm-opt'),
  };
  writeFileSync(
    record,
    Object.entries(lines)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  );
  console.log(readFileSync(record, 'utf8'));
}

const tools = () => toolchain(process.argv.includes('--rustup'));
if (process.argv.includes('--check')) check();
else if (process.argv.includes('--quick')) buildQuick(tools());
else build(tools());
