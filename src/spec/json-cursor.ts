/** Checked access to parsed JSON: every refusal names the JSON path, so that a broken metadata file can be repaired. */
import { IcestreamError } from '../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const MIN_INT = -(2 ** 31);
const MAX_INT = 2 ** 31 - 1;
const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/** A value and where it stands. */
export class JsonCursor {
  readonly value: unknown;
  readonly #key: string | number;
  readonly #parent: JsonCursor | null;

  /** @param key What it is called in errors: the root's name, or the member of `parent`. */
  constructor(value: unknown, key: string | number = '$', parent: JsonCursor | null = null) {
    this.value = value;
    this.#key = key;
    this.#parent = parent;
  }

  /** Made only for errors: metadata has many more values than faults. */
  get path(): string {
    if (this.#parent === null) return String(this.#key);
    const plain = typeof this.#key === 'string' && /^[A-Za-z][A-Za-z0-9-]*$/.test(this.#key);
    return `${this.#parent.path}${plain ? `.${this.#key}` : `[${JSON.stringify(this.#key)}]`}`;
  }

  fail(problem: string): never {
    throw new IcestreamError('INVALID_METADATA', `${this.path}: ${problem}.`);
  }

  object(): JsonObject {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('expected an object');
    return value as JsonObject;
  }

  array(): JsonCursor[] {
    if (!Array.isArray(this.value)) this.fail('expected an array');
    return (this.value as unknown[]).map((item, index) => new JsonCursor(item, index, this));
  }

  string(): string {
    if (typeof this.value !== 'string') this.fail('expected a string');
    return this.value as string;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') this.fail('expected true or false');
    return this.value as boolean;
  }

  /** A 32-bit integer. */
  int(): number {
    const { value } = this;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < MIN_INT || value > MAX_INT) {
      this.fail('expected a 32-bit integer');
    }
    return value as number;
  }

  /** A 64-bit integer. */
  long(): bigint {
    const { value } = this;
    const long = typeof value === 'bigint' ? value : Number.isInteger(value) ? BigInt(value as number) : null;
    if (long === null || long < MIN_LONG || long > MAX_LONG) this.fail('expected a 64-bit integer');
    return long;
  }

  oneOf<T extends string>(allowed: readonly T[]): T {
    const found = allowed.find((candidate) => candidate === this.value);
    if (found === undefined) this.fail(`expected one of ${allowed.join(', ')}`);
    return found;
  }

  /** A member that must be there. */
  get(key: string): JsonCursor {
    return this.optional(key) ?? new JsonCursor(undefined, key, this).fail('is missing');
  }

  /** A member, or null where it is absent or null. */
  optional(key: string): JsonCursor | null {
    const object = this.object();
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    return value === undefined || value === null ? null : new JsonCursor(value, key, this);
  }

  /** Members of an object used as a map. */
  entries(): [string, JsonCursor][] {
    return Object.entries(this.object()).map(([key, value]) => [key, new JsonCursor(value, key, this)]);
  }
}

/** Reads a map with names that users choose: `constructor` is no member unless it was set. */
export function ownValue<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}
