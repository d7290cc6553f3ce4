import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeNamespace,
  encodePathSegment,
  formatIdentifier,
  parseIdentifier,
  parseNamespace,
} from '../../../src/catalog/identifier.ts';

describe('a table name', () => {
  it('is split at its dots', () => {
    expect(parseIdentifier('a.b.t')).toEqual({ namespace: ['a', 'b'], name: 't' });
    expect(parseIdentifier('a.`b.c`.`t``1`')).toEqual({ namespace: ['a', 'b.c'], name: 't`1' });
    expect(parseIdentifier(['a.b', 't'])).toEqual({ namespace: ['a.b'], name: 't' });
    expect(parseIdentifier({ namespace: ['a'], name: 't' })).toEqual({ namespace: ['a'], name: 't' });
    expect(parseNamespace('a.b')).toEqual(['a', 'b']);
  });

  it.each(['', 't', '.t', 'a.', 'a..t', 'a.`t', '`a`b.t', 'a.``'])('is refused: %j', (text) => {
    expect(() => parseIdentifier(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('comes back from its text, whatever its parts', () => {
    const part = fc.string({ minLength: 1, unit: 'binary' });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), part, (namespace, name) => {
        expect(parseIdentifier(formatIdentifier({ namespace, name }))).toEqual({ namespace, name });
      }),
    );
  });
});

describe('a name in a URL', () => {
  it('is percent-encoded, levels joined by the unit separator', () => {
    expect(encodePathSegment('a/b c?#%+é')).toBe('a%2Fb%20c%3F%23%25%2B%C3%A9');
    expect(encodeNamespace(['a', 'b.c', 'd/e'])).toBe('a%1Fb.c%1Fd%2Fe');
    expect(encodeNamespace(['a', 'b'], '.')).toBe('a.b');
  });

  it('is refused where a URL cannot carry it', () => {
    for (const name of ['.', '..', '\ud800']) {
      expect(() => encodePathSegment(name)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
      expect(() => encodeNamespace([name])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });

  it('never adds or removes a path segment', () => {
    const part = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text !== '.' && text !== '..');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), part, (namespace, name) => {
        const path = `/v1/namespaces/${encodeNamespace(namespace)}/tables/${encodePathSegment(name)}`;
        const url = new URL(`https://catalog.example.com${path}`);
        expect(url.pathname.split('/')).toHaveLength(6);
        expect(decodeURIComponent(url.pathname.split('/')[5] ?? '')).toBe(name);
        expect(decodeURIComponent(url.pathname.split('/')[3] ?? '')).toBe(namespace.join('\u001f'));
      }),
    );
  });
});
