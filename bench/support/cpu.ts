/** CPU of this process, all its threads included, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What each of `rounds` runs takes. */
export async function cpuOfRounds(rounds: number, run: () => unknown): Promise<number[]> {
  const spentMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = cpuMs();
    await run();
    spentMs.push(cpuMs() - before);
  }
  return spentMs;
}
