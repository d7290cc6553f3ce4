import { describe, expect, test } from 'vitest';
import { sniff } from '../../../src/source/detect-format.ts';
import { formatByName } from '../../../src/source/format-names.ts';
import { text } from './helpers.ts';

describe('content decides, then the name', () => {
  test.each<[string, string, unknown]>([
    ['PAR1...', 'x.csv', { format: 'parquet' }],
    ['ARROW1\0\0', 'x', { format: 'arrow' }],
    ['{"a":1}', 'x', { format: 'json' }],
    ['\n [ {', 'x', { format: 'json' }],
    ['\ufeff{', 'x', { format: 'json' }],
    ['[a],b', 'x.csv', { format: 'csv' }],
    ['a,b', 'x.json', { format: 'json' }],
    ['a,b', 'x', { format: 'csv' }],
    ['a\tb', 'x.tsv.gz', { format: 'csv', tabs: true }],
    ['<a>,<b>', 'x.csv', { format: 'csv' }],
  ])('%j in %s', (content, name, expected) => {
    expect(sniff(text(content), name)).toEqual(expected);
  });

  test('binary markers', () => {
    expect(sniff(Uint8Array.of(0x1f, 0x8b, 8), 'x.csv')).toEqual({ compression: 'gzip' });
    expect(sniff(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), 'x')).toEqual({ compression: 'zstd' });
    expect(sniff(Uint8Array.of(255, 255, 255, 255, 1, 0, 0, 0), 'x')).toEqual({ format: 'arrow' });
    expect(sniff(Uint8Array.of(0xff, 0xfe, 0x7b, 0), 'x')).toEqual({ format: 'json' });
    expect(sniff(Uint8Array.of(0xfe, 0xff, 0, 0x61), 'x')).toEqual({ format: 'csv' });
    // A stream of before Arrow 0.15.
    expect(sniff(Uint8Array.of(0x90, 0, 0, 0), 'x.arrows')).toEqual({ format: 'arrow' });
  });

  test.each([
    ['data/orders.CSV', 'csv'],
    ['orders.ndjson.zst', 'json'],
    ['orders.feather', 'arrow'],
    ['orders.pq', 'parquet'],
    ['orders', null],
    ['orders.xyz', null],
  ])('%s is %s by its name', (name, expected) => {
    expect(formatByName(name)).toBe(expected);
  });
});

describe('what is not read is named', () => {
  test.each<[string, string, RegExp]>([
    ['', 'SOURCE_EMPTY', /^f: the source is empty/],
    ['<!DOCTYPE html><html>', 'SOURCE_UNREADABLE', /web page.*log-in/],
    ['\n<html lang="en">', 'SOURCE_UNREADABLE', /web page/],
    ['<?xml version="1.0"?><Error>', 'UNSUPPORTED', /XML/],
    ['PK\u0003\u0004', 'UNSUPPORTED', /ZIP archive or a spreadsheet/],
    ['ORC', 'UNSUPPORTED', /ORC/],
    ['Obj\u0001', 'UNSUPPORTED', /Avro/],
    ['FEA1', 'UNSUPPORTED', /Feather V1/],
    ['PARE', 'UNSUPPORTED', /encrypted/],
    ['BZh9', 'UNSUPPORTED', /bzip2/],
    ['ab\0c', 'UNSUPPORTED', /not text/],
  ])('%j', (content, code, message) => {
    expect(() => sniff(text(content), 'f')).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
