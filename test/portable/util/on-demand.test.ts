import { expect, test } from 'vitest';
import { onDemand } from '../../../src/util/on-demand.ts';

test('a module that is imported when it is needed is that module', async () => {
  const { onDemand: same } = await onDemand(import('../../../src/util/on-demand.ts'));
  expect(same).toBe(onDemand);
});

test('an import that fails says what may have happened, and is not worth another try', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module');
  await expect(onDemand(Promise.reject(cause))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/Failed to fetch.*offline.*load the page again/),
    retryable: false,
    cause,
  });
});
