/** Options that TypeScript refuses are refused when the program runs, too: one that is misspelt must not be ignored. */

/** All names of a type's options; the compiler says which are missing. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/**
 * An option that is undefined counts as not given, as everywhere.
 * @param taker What takes the options, for the message.
 * @param advise What to do instead of giving an option of this name, where that is known.
 * @throws TypeError naming the option, and those there are.
 */
export function requireKnownOptions<Options extends object>(
  taker: string,
  options: Options,
  names: OptionNames<Options>,
  advise: (name: string) => string | undefined = () => undefined,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `${taker} takes its options as an object, not ${options === null ? 'null' : `a ${typeof options}`}`,
    );
  }
  const odd = Object.entries(options).find(([name, value]) => value !== undefined && !Object.hasOwn(names, name));
  if (odd === undefined) return;
  const [name] = odd;
  const advice = advise(name);
  const known = Object.keys(names);
  const there = known.length === 1 ? `there is ${known[0]}` : `there are ${known.join(', ')}`;
  throw new TypeError(`${taker} has no option ${name}${advice === undefined ? '' : `: ${advice}`}; ${there}`);
}

/** @throws TypeError for a value that is no list of texts; undefined is not given. */
export function requireNames(option: string, names: readonly string[] | undefined, of = 'names'): void {
  if (names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'))) return;
  const example = JSON.stringify([typeof names === 'string' ? names : 'id']);
  const what = Array.isArray(names)
    ? 'a list of other things'
    : typeof names === 'string'
      ? 'text'
      : `a ${typeof names}`;
  throw new TypeError(`${option} must be a list of ${of}, as ${example}, not ${what}`);
}

/** @throws TypeError for a value that is none of the choices; undefined is not given. */
export function requireOneOf<T extends string>(
  option: string,
  value: T | undefined,
  choices: readonly NoInfer<T>[],
): void {
  if (value === undefined || choices.includes(value)) return;
  throw new TypeError(`${option} must be one of ${choices.join(', ')}, not ${shown(value)}`);
}

/** @throws TypeError naming the first that is neither true nor false: "false" would be taken for true. */
export function requireBooleans(options: Readonly<Record<string, boolean | undefined>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || typeof value === 'boolean') continue;
    throw new TypeError(`${option} must be true or false, not ${shown(value)}`);
  }
}

const MOST_NAME_CHARACTERS = 256;

/**
 * For names that a table keeps in its metadata, which every reader and writer loads.
 * @throws TypeError for a value that is no text, an empty one, or a long one.
 */
export function requireName(option: string, name: string): string {
  if (typeof name === 'string' && name !== '' && name.length <= MOST_NAME_CHARACTERS && name.isWellFormed())
    return name;
  throw new TypeError(`${option} must be text of 1 to ${MOST_NAME_CHARACTERS} characters`);
}

/** @throws TypeError for a value that counts nothing; undefined is not given, and Infinity is all. */
export function requireCount(option: string, value: number | undefined): void {
  if (value === undefined || value === Infinity || (Number.isInteger(value) && value >= 1)) return;
  throw new TypeError(`${option} must be a whole number, 1 or more, not ${shown(value)}`);
}

/** @throws TypeError for a value that is no text by name; undefined is not given. */
export function requireTexts(option: string, texts: Readonly<Record<string, string>> | undefined): void {
  if (texts === undefined) return;
  const rule = `${option} must be texts by name`;
  if (typeof texts !== 'object' || texts === null) throw new TypeError(`${rule}, not ${shown(texts)}`);
  const odd = Object.entries(texts).find(([, value]) => typeof value !== 'string');
  if (odd !== undefined) throw new TypeError(`${rule}, and ${odd[0]} is ${shown(odd[1])}`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
