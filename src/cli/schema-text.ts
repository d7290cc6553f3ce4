/** Schemas as people type them: `id long not null, tags list<string>, point struct<x double, y double>`. */
import { IcestreamError } from '../errors.ts';
import type { Schema } from '../spec/schema.ts';
import { isSimpleKind, SIMPLE_KINDS } from '../spec/type-parse.ts';
import type { NestedField, Type } from '../spec/types.ts';

/** Field ids are numbered as they stand; a catalog assigns its own on create. */
export function parseSchemaText(text: string): Schema {
  const reader = new Reader(text);
  const fields = reader.fields();
  reader.end();
  return { type: 'struct', fields };
}

class Reader {
  readonly #text: string;
  #at = 0;
  #lastId = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `name type [not null]`, comma-separated. */
  fields(): NestedField[] {
    const fields: NestedField[] = [];
    do {
      const id = ++this.#lastId;
      const name = this.#name();
      this.#skip(':');
      const type = this.#type();
      const required = this.#word(/not\s+null/iy) !== null;
      fields.push({ id, name, required, type });
    } while (this.#skip(','));
    return fields;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#wrong("',' or the end");
  }

  #type(): Type {
    const word = this.#word(/[a-z_]+/iy)?.toLowerCase();
    if (word === 'decimal') return `decimal(${this.#arguments(/\(\s*(\d+)\s*,\s*(\d+)\s*\)/y).join(', ')})`;
    if (word === 'fixed') return `fixed[${Number(this.#arguments(/[[(]\s*(\d+)\s*[\])]/y)[0])}]`;
    if (word === 'struct') return this.#nested(() => ({ type: 'struct', fields: this.fields() }));
    if (word === 'list') {
      return this.#nested(() => ({
        type: 'list',
        'element-id': ++this.#lastId,
        element: this.#type(),
        'element-required': false,
      }));
    }
    if (word === 'map') {
      return this.#nested(() => {
        const keyId = ++this.#lastId;
        const valueId = ++this.#lastId;
        const key = this.#type();
        if (!this.#skip(',')) throw this.#wrong("','");
        return { type: 'map', 'key-id': keyId, key, 'value-id': valueId, value: this.#type(), 'value-required': false };
      });
    }
    if (word !== undefined && isSimpleKind(word)) return word;
    throw this.#wrong(`a type (${SIMPLE_KINDS.join(', ')}, decimal(P,S), fixed[L], struct<…>, list<…>, map<…>)`);
  }

  #nested<T>(inside: () => T): T {
    if (!this.#skip('<')) throw this.#wrong("'<'");
    const value = inside();
    if (!this.#skip('>')) throw this.#wrong("'>'");
    return value;
  }

  #name(): string {
    const quoted = this.#match(/"((?:[^"]|"")+)"|`([^`]+)`/y);
    if (quoted) return (quoted[1] ?? quoted[2] ?? '').replaceAll('""', '"');
    const name = this.#word(/[\p{L}_][\p{L}\p{N}_$-]*/uy);
    if (name === null) throw this.#wrong('a column name');
    return name;
  }

  #arguments(pattern: RegExp): string[] {
    const match = this.#match(pattern);
    if (match === null) throw this.#wrong("the type's arguments");
    return match.slice(1);
  }

  #word(pattern: RegExp): string | null {
    return this.#match(pattern)?.[0] ?? null;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    this.#space();
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #skip(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #wrong(expected: string): IcestreamError {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const message = `the schema needs ${expected} at ${rest === '' ? 'its end' : `'${rest}'`}; write it like 'id long not null, name string'`;
    return new IcestreamError('INVALID_ARGUMENT', message, { option: '--schema' });
  }
}
