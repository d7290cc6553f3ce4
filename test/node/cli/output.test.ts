import { expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { bytes, errorLine, table, toJsonLine } from '../../../src/cli/output.ts';
import { CommitStateUnknownError, IcestreamError } from '../../../src/errors.ts';

it('prints 64-bit numbers exactly, as strings', () => {
  expect(toJsonLine({ type: 'result', snapshotId: 8656952484400131532n })).toBe(
    '{"type":"result","snapshotId":"8656952484400131532"}',
  );
});

it('prints NaN and infinities as text, so that they differ from what is absent', () => {
  expect(toJsonLine({ type: 'result', partition: [Number.NaN, Number.NEGATIVE_INFINITY, null, 1.5] })).toBe(
    '{"type":"result","partition":["NaN","-Infinity",null,1.5]}',
  );
});

it('prints an error with its code, place and what it left behind', () => {
  const options = { commitId: 'c', snapshotId: 1n, table: 'a.b', leftBehind: ['s3://b/k'] };
  expect(errorLine(new CommitStateUnknownError('gone', options))).toEqual({
    type: 'error',
    code: 'COMMIT_STATE_UNKNOWN',
    message: 'gone',
    table: 'a.b',
    retryable: false,
    leftBehind: ['s3://b/k'],
    commitId: 'c',
  });
});

it('gives each class of error its exit code', () => {
  expect(exitCodeOf(new IcestreamError('SOURCE_CORRUPT', 'x'))).toBe(3);
  expect(exitCodeOf(new IcestreamError('NOT_FOUND', 'x'))).toBe(4);
  expect(exitCodeOf(new Error('x'))).toBe(1);
});

it('lines up columns, numbers to the right', () => {
  expect(
    table(
      ['name', 'rows'],
      [
        ['a', 1],
        ['longer', 200n],
      ],
    ),
  ).toBe(['name    rows', '──────  ────', 'a          1', 'longer   200'].join('\n'));
});

it('prints sizes in binary units', () => {
  expect([bytes(0), bytes(1023), bytes(1536), bytes(5n * 1024n ** 3n)]).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '5.0 GiB',
  ]);
});
