#!/usr/bin/env node
/**
 * Builds the engine.
 *
 *   node wasm/build.mjs            what is shipped: wasm/prebuilt/*.wasm and SOURCE.sha256 beside them
 *   node wasm/build.mjs --quick    all of it, quick to build, slow to run: wasm/target/quick.wasm
 *   node wasm/build.mjs --check    do the prebuilt files belong to the sources and match their own hashes?
 *
 * Needs, from Debian: rustc-web cargo-web libstd-rust-web-dev rust-web-src clang-22 lld-22 llvm-22 binaryen.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { overlayZstd } from './zstd-64-bit.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
const prebuilt = join(root, 'prebuilt');
const record = join(prebuilt, 'SOURCE.sha256');
const target = 'wasm32-unknown-unknown';

/** What is shipped, and the features of the crate that are in it. */
const artifacts = {
  'icestream.wasm': ['decode'],
  'icestream-append.wasm': [],
};

/** The host creates the memory with at least this size (src/engine/wasm/instance.ts). */
const initialMemoryBytes = 4 * 1024 * 1024;

const run = (command, args, env = {}) =>
  execFileSync(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' });
const version = (command) => execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0].trim();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Every file that the artifact is made of, in a fixed order. */
function sourceHash() {
  const rust = ['src', 'arrow-select', 'encodings', 'routing']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.rs$|^Cargo\.toml$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  const hash = createHash('sha256');
  for (const path of ['Cargo.toml', 'Cargo.lock', 'build.mjs', 'zstd-64-bit.mjs', ...rust].sort()) {
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
function crateFolder(name) {
  const metadata = execFileSync('/usr/bin/cargo', ['metadata', '--locked', '--format-version', '1'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return dirname(JSON.parse(metadata).packages.find((one) => one.name === name).manifest_path);
}

/** One cdylib with these features; answers where it is. */
function compile(profile, features) {
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
  run(
    '/usr/bin/cargo',
    [...library, '--no-default-features', '--features', features.join(), '-Zbuild-std=std,panic_abort'],
    {
      // build-std is a nightly option; Debian's compiler has the sources of its own std.
      RUSTC_BOOTSTRAP: '1',
      RUSTC: '/usr/bin/rustc',
      CARGO_TARGET_DIR: targetDir,
      CC_wasm32_unknown_unknown: 'clang-22',
      AR_wasm32_unknown_unknown: 'llvm-ar-22',
      CFLAGS_wasm32_unknown_unknown: [
        '-mbulk-memory',
        `-ivfsoverlay ${overlayZstd(crateFolder('zstd-sys'), join(targetDir, 'zstd'))}`,
        ...(quick ? [] : remap.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`)),
      ].join(' '),
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld-22',
      // ahash takes its keys from here instead of from the clock of the build.
      CONST_RANDOM_SEED: 'icestream',
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [
        '-Ctarget-feature=+bulk-memory',
        '-Cpanic=abort',
        '-Clink-arg=--import-memory',
        `-Clink-arg=--initial-memory=${initialMemoryBytes}`,
        ...(quick ? [] : remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)),
      ].join(' '),
    },
  );
  return join(targetDir, target, profile, 'icestream_engine.wasm');
}

function buildQuick() {
  const out = join(root, 'target', 'quick.wasm');
  mkdirSync(join(root, 'target'), { recursive: true });
  copyFileSync(compile('quick', artifacts['icestream.wasm']), out);
  stamp(out);
  console.log(out);
}

function build() {
  const source = sourceHash();
  mkdirSync(prebuilt, { recursive: true });
  for (const [name, features] of Object.entries(artifacts)) {
    run('wasm-opt', [
      '-Os',
      '--enable-bulk-memory',
      '--enable-simd',
      '--enable-sign-ext',
      '--enable-mutable-globals',
      '--enable-nontrapping-float-to-int',
      '--enable-reference-types',
      '--enable-multivalue',
      '--strip-debug',
      '--strip-producers',
      compile('size', features),
      '-o',
      join(prebuilt, name),
    ]);
    stamp(join(prebuilt, name));
  }
  if (sourceHash() !== source) throw new Error('the sources changed while they were built: build again');
  const lines = {
    source,
    ...artifactHashes(),
    rustc: version('/usr/bin/rustc'),
    cargo: version('/usr/bin/cargo'),
    clang: version('clang-22'),
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

if (process.argv.includes('--check')) check();
else if (process.argv.includes('--quick')) buildQuick();
else build();
