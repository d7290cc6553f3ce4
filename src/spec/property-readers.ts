/** Typed values out of table properties; a value that cannot be read is refused, never replaced by the default. */
import { IcestreamError } from '../errors.ts';
import { ownValue } from './json-cursor.ts';

export type Properties = Readonly<Record<string, string>>;

/** An integer within bounds. */
export function intProperty(properties: Properties, key: string, fallback: number, min = 0, max = 2 ** 53 - 1): number {
  const text = ownValue(properties, key);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\s*[+-]?\d+\s*$/.test(text) || value < min || value > max) {
    throw badProperty(key, text, `an integer of at least ${min}${max < 2 ** 53 - 1 ? ` and at most ${max}` : ''}`);
  }
  return value;
}

/** `true` or `false`, in any letter case. */
export function booleanProperty(properties: Properties, key: string, fallback: boolean): boolean {
  const text = ownValue(properties, key);
  if (text === undefined) return fallback;
  const lower = text.trim().toLowerCase();
  if (lower !== 'true' && lower !== 'false') throw badProperty(key, text, 'true or false');
  return lower === 'true';
}

/** One of some words, in any letter case. */
export function choiceProperty<T extends string>(
  properties: Properties,
  key: string,
  choices: readonly T[],
  fallback: T,
): T {
  const text = ownValue(properties, key);
  if (text === undefined) return fallback;
  const found = choices.find((choice) => choice === text.trim().toLowerCase());
  if (found === undefined) throw badProperty(key, text, `one of ${choices.join(', ')}`);
  return found;
}

/** A number strictly between 0 and 1. */
export function fractionProperty(properties: Properties, key: string, fallback: number): number {
  const text = ownValue(properties, key);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 1)) throw badProperty(key, text, 'a number between 0 and 1');
  return value;
}

/** Names of the columns that have a property with this prefix, in the order of the properties. */
export function columnsWithPrefix(properties: Properties, prefix: string): string[] {
  return Object.keys(properties).flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
}

export function badProperty(key: string, text: string, expected: string): IcestreamError {
  return new IcestreamError(
    'INVALID_METADATA',
    `Table property ${key} is ${JSON.stringify(text)}; it must be ${expected}.`,
    { option: key },
  );
}
