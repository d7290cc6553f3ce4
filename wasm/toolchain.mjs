/** The compilers that are here: Debian's, which what is shipped is built with, or rustup's and whatever LLVM there is. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export const target = 'wasm32-unknown-unknown';

const NEEDED = `To build the engine, install one of these and run it again:
  Debian 12:  apt-get install --no-install-recommends rustc-web cargo-web libstd-rust-web-dev rust-web-src clang-22 lld-22 llvm-22 binaryen
  elsewhere:  rustup target add ${target}, and clang and llvm-ar (LLVM with its WebAssembly target), and wasm-opt (binaryen)`;

/** The first line of what a program says of its version; undefined: it is not here. */
export function version(program) {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0].trim();
  } catch {
    return undefined;
  }
}

/** Debian's compiler makes its own std, as the rest is made: smaller than one that comes ready. */
const debian = {
  cargo: '/usr/bin/cargo',
  rustc: '/usr/bin/rustc',
  clang: 'clang-22',
  archiver: 'llvm-ar-22',
  cargoArguments: ['-Zbuild-std=std,panic_abort'],
  environment: {
    // build-std is a nightly option; Debian's compiler has the sources of its own std.
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld-22',
  },
};

function isDebianHere() {
  return existsSync(debian.cargo) && existsSync('/usr/lib/rustlib/src/rust/library') && version(debian.clang);
}

/** The cargo of the path, with a std of the target; links with its own lld. */
function rustup() {
  const first = (programs) => programs.find((program) => version(program) !== undefined);
  const clang = first(['clang-22', 'clang']);
  const archiver = first(['llvm-ar-22', 'llvm-ar']);
  if (clang === undefined || archiver === undefined || !hasStd()) return undefined;
  return { cargo: 'cargo', rustc: 'rustc', clang, archiver, cargoArguments: [], environment: {} };
}

function hasStd() {
  try {
    const printed = execFileSync('rustc', ['--print', 'target-libdir', '--target', target], { encoding: 'utf8' });
    return existsSync(printed.trim());
  } catch {
    return false;
  }
}

/** `ownRustup`: rustup's also where Debian's is. */
export function toolchain(ownRustup) {
  const found = !ownRustup && isDebianHere() ? debian : rustup();
  if (found === undefined || version('wasm-opt') === undefined) {
    console.error(NEEDED);
    process.exit(1);
  }
  return found;
}
