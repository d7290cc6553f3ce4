/** Reads a JSON text (RFC 8259) without losing digits; an error says where. */
import { deepEqual } from './deep-equal.ts';
import { jsonNumber } from './json-number.ts';

const WHITE_SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const KEYWORD = /true|false|null/y;

export class JsonReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at: number;

  /** `at`: where the text begins. */
  constructor(text: string, at: number, maxDepth: number) {
    this.#text = text;
    this.#at = at;
    this.#maxDepth = maxDepth;
  }

  /** The whole text as one value. @throws SyntaxError; RangeError where it nests deeper than is allowed. */
  read(): unknown {
    const value = this.#value(0);
    if (this.#next() !== undefined) throw this.#expected('the end');
    return value;
  }

  #value(depth: number): unknown {
    if (depth > this.#maxDepth) throw new RangeError(`it nests deeper than ${this.#maxDepth} levels`);
    switch (this.#next()) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
    }
    const number = this.#match(NUMBER);
    if (number !== '') return jsonNumber(number);
    const keyword = this.#match(KEYWORD);
    if (keyword === '') throw this.#expected('a value');
    return keyword === 'null' ? null : keyword === 'true';
  }

  #object(depth: number): object {
    const object: Record<string, unknown> = {};
    for (const _ of this.#members('}')) {
      if (this.#next() !== '"') throw this.#expected('a name in quotes');
      const name = this.#string();
      if (this.#next() !== ':') throw this.#expected('":"');
      this.#at += 1;
      const value = this.#value(depth);
      if (Object.hasOwn(object, name) && !deepEqual(object[name], value)) {
        throw new SyntaxError(`${JSON.stringify(name)} occurs twice, before position ${this.#at}`);
      }
      // Assignment would change the prototype.
      if (name !== '__proto__') object[name] = value;
      else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    for (const _ of this.#members(']')) array.push(this.#value(depth));
    return array;
  }

  /** Stops at each member of what begins here, and behind its end. */
  *#members(end: '}' | ']'): Generator<undefined> {
    this.#at += 1;
    if (this.#next() !== end) {
      yield;
      while (this.#next() === ',') {
        this.#at += 1;
        yield;
      }
      if (this.#next() !== end) throw this.#expected(`"," or "${end}"`);
    }
    this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (end !== -1 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end === -1) throw new SyntaxError(`the text that begins at position ${start} has no end`);
    this.#at = end + 1;
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch (cause) {
      throw new SyntaxError(`the text at position ${start} holds a bad escape or a control character`, { cause });
    }
  }

  /** Whether an odd number of backslashes stands before. */
  #isEscaped(at: number): boolean {
    let start = at;
    while (this.#text[start - 1] === '\\') start -= 1;
    return (at - start) % 2 === 1;
  }

  /** The character after white space; undefined at the end. */
  #next(): string | undefined {
    this.#match(WHITE_SPACE);
    return this.#text[this.#at];
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #expected(what: string): SyntaxError {
    const found = this.#text[this.#at];
    const got = found === undefined ? 'the text ends' : `there is ${JSON.stringify(found)}`;
    return new SyntaxError(`${what} was expected at position ${this.#at}, and ${got}`);
  }
}
