import { OpfsStore } from 'icestream/storage/opfs';
import { test } from 'vitest';
import { appendsAndReadsBack } from '../conformance/lakehouse.ts';

test('a page keeps a lakehouse in the browser’s own file system', () =>
  appendsAndReadsBack(new OpfsStore(), `opfs:///house ${Date.now()}`));
