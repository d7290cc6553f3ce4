/** Errors on the command line name its flags, not the library's options. */
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runWords } from '../../../src/cli/command-line.ts';
import { flagOfOption, inFlagWords, phrases } from '../../../src/cli/flag-words.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { IcestreamError } from '../../../src/errors.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-words-'));
  // Nobody's configuration is read.
  vi.stubEnv('HOME', folder);
  await writeFile(join(folder, 'one.csv'), 'a,b\n1,x\n2,y\n');
  await writeFile(join(folder, 'two.csv'), 'a,c\n1,x\n');
  await writeFile(join(folder, 'bad.csv'), 'a,b\n1,x\nno,x,\n2\n');
  await mkdir(join(folder, 'y=1'));
  await writeFile(join(folder, 'y=1', 'one.csv'), 'a,b\n1,x\n');
  const stream = tableToIPC(tableFromArrays({ a: [1, 2] }), 'stream');
  await writeFile(join(folder, 'whole.arrows'), stream);
  await writeFile(join(folder, 'cut.arrows'), stream.subarray(0, stream.length - 8));
  const wide = Array.from({ length: 2000 }, (_, i) => `c${i}`).join(',');
  await writeFile(join(folder, 'wide.csv'), `${wide}\n${wide}\n`);
  expect((await icestream(['append', 'one.csv', '--table', 'demo.t', '--create'])).error).toBeNull();
  const properties = ['--table-property', 'gc.enabled=false'];
  await icestream(['create', 'demo.kept', '--schema', 'a long', ...properties]);
  const id = '01920000-0000-7000-8000-000000000001';
  await icestream(['append', 'one.csv', '--table', 'demo.t', '--commit-id', id]);
});

afterAll(() => {
  vi.unstubAllEnvs();
  return rm(folder, { recursive: true, force: true });
});

type ErrorLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** Runs the command in this process, where it takes a tenth of the time; files are those of the folder. */
async function icestream(args: readonly string[]): Promise<{ error: ErrorLine | null }> {
  const words = args.map((word) => (/\.(csv|arrows)$/.test(word) ? join(folder, word) : word));
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const forPeople = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exitCode = process.exitCode;
  process.exitCode = 0;
  try {
    const all = [...words, '--json', '--warehouse', join(folder, 'lakehouse')];
    await runWords(all);
    const last = JSON.parse(lines.join('').trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
    const error = last['type'] === 'error' ? (last as ErrorLine) : null;
    expect(process.exitCode === 0).toBe(error === null);
    return { error };
  } finally {
    process.exitCode = exitCode;
    write.mockRestore();
    forPeople.mockRestore();
  }
}

const append = (file: string, ...more: string[]) => ['append', file, '--table', 'demo.t', ...more];
const make = (file: string, ...more: string[]) => ['append', file, '--table', 'demo.new', '--create', ...more];
const id = ['--commit-id', '01920000-0000-7000-8000-000000000001'];

it.each<[flag: string, args: string[], option?: string | null]>([
  ['--memory-limit', append('one.csv', '--memory-limit', '1MiB')],
  ['--memory-limit', append('one.csv', '--memory-limit', '20MiB', '--threads', '4')],
  ['--memory-limit', make('wide.csv', '--memory-limit', '24MiB')],
  ['--memory-limit', append('one.csv', '--memory-limit', '0')],
  ['--memory-limit', ['scan', 'demo.t', '--memory-limit', '1KiB']],
  ['--columns', append('one.csv', '--columns', 'a,z')],
  ['--columns', make('y=1/one.csv', '--hive', '--columns', 'year')],
  ['--types', make('one.csv', '--types', 'ab long')],
  ['--types', make('whole.arrows', '--types', 'a string')],
  ['--union-by-name', ['append', 'one.csv', 'two.csv', '--table', 'demo.new', '--create'], null],
  ['--union-by-name', ['append', '-', 'two.csv', '--table', 'demo.new', '--create', '--union-by-name']],
  ['--column-names', append('one.csv', '--column-names', 'a')],
  ['--on-bad-row', append('bad.csv'), null],
  ['--max-bad-rows', append('bad.csv', '--on-bad-row', 'reject', '--max-bad-rows', '1')],
  ['--no-require-end-of-stream', make('cut.arrows')],
  ['--schema-evolution', append('two.csv'), null],
  ['--commit-id', append('two.csv', '--schema-evolution', 'add-columns', ...id)],
  ['--commit-id', append('one.csv', '--branch', 'audit', ...id)],
  ['--wap-id', append('one.csv', '--wap-id', 'w1')],
  ['--select', ['scan', 'demo.t', '--select', 'z']],
  ['--snapshot-id', ['scan', 'demo.t', '--snapshot-id', '5']],
  ['--ref', ['scan', 'demo.t', '--ref', 'none']],
  ['--as-of', ['scan', 'demo.t', '--as-of', '5']],
  ['--as-of', ['scan', 'demo.t', '--as-of', '5', '--ref', 'main'], null],
  ['--limit', ['scan', 'demo.t', '--limit', '9999999999999999999']],
  ['--snapshot', ['inspect', 'demo.t', 'files', '--snapshot', '5']],
  ['--snapshot', ['inspect', 'demo.t', 'files', '--snapshot', 'five']],
  ['--purge', ['catalog', 'drop', 'demo.kept', '--purge']],
  ['--table', ['append', 'one.csv', '--table', 'flat']],
  ['--location', make('one.csv', '--location', 's3://elsewhere/t')],
  ['--format-version', ['create', 'demo.v9', '--schema', 'a long', '--table-property', 'format-version=9']],
])('%s is named by %j', async (flag, args, option = flag) => {
  const { error } = await icestream(args);
  expect(error).toMatchObject(option === null ? {} : { option });
  if (option === null) expect(error?.message).toContain(flag);
  expect(error?.code).not.toBe('INTERNAL');
  // The folder's name is random.
  expect(error?.message.replaceAll(folder, '')).not.toMatch(/\b[a-z]+[A-Z][a-zA-Z]*\b/);
  expect(error?.['column'] ?? '').not.toContain('--');
});

it('a column that has an option’s name keeps it', () => {
  const message = 'f: there is no column commitId (option columns); there are a, "commitId", x.commitId';
  const error = new IcestreamError('SCHEMA_MISMATCH', message, { column: 'commitId', option: 'columns' });
  expect(inFlagWords(error, () => true)).toMatchObject({
    message: 'f: there is no column commitId (--columns); there are a, "commitId", x.commitId',
    place: { column: 'commitId', option: '--columns' },
  });
});

it('every option that an error names has a flag or property, or is not reached from here', () => {
  // Of inputs, stores, threads and engines that only a program can give, and of what the command line sets itself.
  const programs = ['allowedOrigins', 'auth', 'compression', 'engine', 'headers', 'input', 'partSizeBytes', 'range'];
  const others = ['source', 'storage', 'task', 'type'];
  const named = new Set<string>();
  for (const text of librarySources()) {
    for (const [, name = ''] of text.matchAll(/\boption: '([^']+)'/g)) named.add(name);
  }
  expect(named.size).toBeGreaterThan(25);
  // Names with a dot are properties, which --property and --table-property take by the same names.
  const known = (name: string) => name in flagOfOption || name.includes('.') || [...programs, ...others].includes(name);
  expect([...named].filter((name) => !known(name))).toEqual([]);
});

it('every phrase there is one of some message', () => {
  const messages = librarySources().map((text) => text.replace(/['`]\s*\+\s*['`]/g, '').replaceAll('\\`', '`'));
  expect(phrases.map(([from]) => from).filter((from) => !messages.some((text) => text.includes(from)))).toEqual([]);
});

it('every flag there is one of some command', () => {
  const flags = new Set<string | undefined>();
  const visit = (command: Command) => {
    for (const { long } of command.options) flags.add(long);
    for (const child of command.commands) visit(child as Command);
  };
  visit(createProgram());
  const gone = Object.values(flagOfOption)
    .flat()
    .filter((flag) => flag.startsWith('--') && !flags.has(flag));
  expect(gone).toEqual([]);
});

function librarySources(): string[] {
  const paths = globSync('src/**/*.ts', { cwd: root }).filter((path) => !/^src\/(cli|server)\//.test(path));
  return paths.map((path) => readFileSync(join(root, path), 'utf8'));
}
