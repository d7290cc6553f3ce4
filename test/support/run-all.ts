/**
 * Runs the checks and every test suite, one after another, and ends with one line that counts the tests. A suite that
 * runs no test fails. Usage: node test/support/run-all.ts [name ...], names as in `steps`; none: all but `interop…`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether it runs vitest, and so reports counts. */
  readonly tests: boolean;
  readonly byDefault: boolean;
}

const vitest = 'node_modules/vitest/vitest.mjs';
const interop = ['run', '--config', 'vitest.interop.config.ts'];
const stores = 'test/interop/storage.test.ts';
const check = (name: string, ...command: string[]): Step => ({ name, command, tests: false, byDefault: true });
const suite = (name: string, ...command: string[]): Step => ({ name, command, tests: true, byDefault: true });

const steps: readonly Step[] = [
  check('lint', 'biome', 'check', '--error-on-warnings', '.'),
  check('types', 'npm', 'run', '-s', 'types'),
  check('package', 'npm', 'run', '-s', 'check:package'),
  suite('node', 'node', vitest, 'run', '--project', 'node'),
  suite('chromium', 'node', vitest, 'run', '--project', 'chromium'),
  suite('workerd', 'node', vitest, 'run', '--project', 'workerd'),
  suite('deno', 'deno', 'run', '-A', vitest, 'run', '--config', 'vitest.deno.config.ts'),
  suite('bun', 'bun', '--bun', vitest, 'run', '--config', 'vitest.deno.config.ts'),
  { ...suite('interop', 'node', vitest, ...interop), byDefault: false },
  { ...suite('interop-deno', 'deno', 'run', '-A', vitest, ...interop, stores), byDefault: false },
  { ...suite('interop-bun', 'bun', '--bun', vitest, ...interop, stores), byDefault: false },
];

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

function run(command: readonly string[]): Promise<number> {
  const [program, ...args] = command;
  if (program === undefined) return Promise.resolve(1);
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function runStep(step: Step, scratch: string): Promise<Outcome> {
  console.log(`\n── ${step.name}`);
  const started = Date.now();
  const report = join(scratch, `${step.name}.json`);
  const reporters = step.tests ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
  const code = await run([...step.command, ...reporters]);
  const seconds = (Date.now() - started) / 1000;
  if (!step.tests) return { name: step.name, ok: code === 0, passed: 0, failed: 0, seconds };
  const counts = await readFile(report, 'utf8').then(
    (text) => JSON.parse(text) as { numPassedTests: number; numFailedTests: number; numPendingTests: number },
    () => ({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 }),
  );
  const failed = counts.numFailedTests + counts.numPendingTests;
  const ok = code === 0 && failed === 0 && counts.numPassedTests > 0;
  return { name: step.name, ok, passed: counts.numPassedTests, failed, seconds };
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) throw new Error(`no such step: ${unknown.join(', ')}`);
const chosen = steps.filter((step) => (names.length > 0 ? names.includes(step.name) : step.byDefault));

const scratch = await mkdtemp(join(tmpdir(), 'icestream-tests-'));
const outcomes: Outcome[] = [];
for (const step of chosen) outcomes.push(await runStep(step, scratch));
await rm(scratch, { recursive: true, force: true });

console.log('');
for (const { name, ok, passed, failed, seconds } of outcomes) {
  const counts = passed + failed > 0 ? `${passed} passed, ${failed} failed or skipped` : '';
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s  ${counts}`);
}
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + Math.max(outcome.failed, outcome.ok ? 0 : 1), 0);
console.log(`\ntests: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
