import { describe, expect, it } from 'vitest';
import { isWithin, joinLocation, parseLocation, printable, scrubUrl } from '../../../src/util/location.ts';

describe('locations', () => {
  it('are split without being decoded', () => {
    expect(parseLocation('s3://bucket/a b/%2B+?x#y')).toEqual({
      scheme: 's3',
      authority: 'bucket',
      path: '/a b/%2B+?x#y',
    });
    expect(parseLocation('file:///tmp/x')).toEqual({ scheme: 'file', authority: '', path: '/tmp/x' });
    expect(parseLocation('file:/tmp/x')).toEqual({ scheme: 'file', authority: '', path: '/tmp/x' });
    expect(parseLocation('/tmp/x:y')).toEqual({ scheme: '', authority: '', path: '/tmp/x:y' });
    expect(parseLocation('S3://B')).toEqual({ scheme: 's3', authority: 'B', path: '' });
    expect(parseLocation('s3://b/.../..x/x..')).toMatchObject({ path: '/.../..x/x..' });
  });

  it.each(['s3://b/a/../c', 's3://b/.', 'file:///a/./b', 's3://b/a\nb', 's3://b/\u0000', 's3://b/\ud800', '../x'])(
    'that could point elsewhere are refused: %j',
    (location) => {
      expect(() => parseLocation(location)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );

  it('join with one slash, and compare on path boundaries', () => {
    expect(joinLocation('s3://b/t/', '/data', 'x.parquet')).toBe('s3://b/t/data/x.parquet');
    expect(isWithin('s3://b/foo/x', 's3://b/foo')).toBe(true);
    expect(isWithin('s3://b/foobar', 's3://b/foo')).toBe(false);
  });

  it('show no secrets and no control characters', () => {
    expect(scrubUrl('https://me:hunter2@h/x?X-Amz-Signature=abc&X-Amz-Security-Token=t&part=1')).toBe(
      'https://h/x?X-Amz-Signature=…&X-Amz-Security-Token=…&part=1',
    );
    expect(printable('a\u001b[31mb')).toBe('a\\u001b[31mb');
    expect(printable('x'.repeat(500))).toHaveLength(301);
  });
});
