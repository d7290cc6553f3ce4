/** Vitest's global set-up of the interop suite: the servers start once, tests find them with `inject('kit')`. */
import type { TestProject } from 'vitest/node';
import { type Kit, startKit } from './start.ts';

declare module 'vitest' {
  interface ProvidedContext {
    kit: Kit;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { kit, stop } = await startKit(console.log);
  project.provide('kit', kit);
  return stop;
}
