/** Errors of the library, in the command line's words: they name options as programs give them. */
import { IcestreamError } from '../errors.ts';

/** The flag that gives an option; of several, the one that the command at hand has. */
export const flagOfOption: Readonly<Record<string, readonly string[]>> = {
  asOf: ['--as-of'],
  branch: ['--branch'],
  columns: ['--columns'],
  commitId: ['--commit-id'],
  'csv.columnNames': ['--column-names'],
  'format-version': ['--format-version'],
  location: ['--location'],
  maxBadRows: ['--max-bad-rows'],
  memoryLimitBytes: ['--memory-limit'],
  purge: ['--purge'],
  ref: ['--ref'],
  requireEndOfStream: ['--no-require-end-of-stream'],
  schema: ['--types'],
  select: ['--select'],
  snapshotId: ['--snapshot-id', '--snapshot'],
  table: ['--table'],
  threads: ['--threads'],
  token: ['--token'],
  unionByName: ['--union-by-name'],
  uri: ['--catalog'],
  wapId: ['--wap-id'],
  warehouse: ['--warehouse'],
  writer: ['--writer'],
  // What the configuration and --property call them.
  clientSecret: ['credential'],
  tokenEndpoint: ['oauth2-server-uri'],
};

/** What needs more than another name. */
export const phrases: readonly (readonly [string, string])[] = [
  ["schemaEvolution: 'addColumns'", '--schema-evolution add-columns'],
  ["onBadRow: 'reject'", '--on-bad-row reject'],
  ['give uri, or warehouse for a catalog on a store', 'give --catalog, or --warehouse for tables without a service'],
  ['requireEndOfStream: false', '--no-require-end-of-stream'],
  ['give clientId and clientSecret', 'give the property credential, as id:secret'],
  ['give them as `auth` instead', 'give the property credential or token instead'],
  ['accessDelegation', 'header.X-Iceberg-Access-Delegation'],
  ['; if that is right, add it to allowedOrigins', ''],
  ['pass an authorization header in headers instead', 'fetch it with another program and give - for its output'],
  ['pass a Blob, a URL with ranges or { store, location }', 'give a file, or a URL of a server that knows ranges'],
  ['the same writer and sequence', 'the same --writer and --sequence'],
  ['take columns from; give a schema', 'take columns from; give --types'],
  ['csv.columnNames', '--column-names'],
  ['option columns', '--columns'],
  ['on a local disk (spill)', 'on a local disk (--spill-dir)'],
  ['option schema', '--types'],
];

/** Options that no one takes for another word: they are replaced wherever they stand. */
const unmistakable = Object.keys(flagOfOption).filter((name) => /^[a-z]+[A-Z]\w*$/.test(name));
const words = new RegExp(`(?<!["\\w.])(${unmistakable.join('|')})(?!["\\w])`, 'g');

/**
 * The error with the flags of a command instead of the library's options, in its text and its place.
 * @param has Whether the command knows a flag.
 */
export function inFlagWords(error: unknown, has: (flag: string) => boolean): unknown {
  if (!(error instanceof IcestreamError)) return error;
  const { code, message, place, retryable, leftBehind } = error;
  const flag = (name: string): string => flagOfOption[name]?.find((one) => !one.startsWith('--') || has(one)) ?? name;
  // A column may have an option's name.
  const text = phrases
    .reduce((before, [from, to]) => before.replaceAll(from, to), message)
    .replace(words, (name) => (name === place.column ? name : flag(name)));
  const option = place.option === undefined ? {} : { option: flag(place.option) };
  const shown = new IcestreamError(code, text, { ...place, ...option, retryable, leftBehind, cause: error });
  return 'commitId' in error ? Object.assign(shown, { commitId: error.commitId }) : shown;
}
