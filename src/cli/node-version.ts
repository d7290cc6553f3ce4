/** The oldest Node that has all that the package uses (`engines` in `package.json`). */
const OLDEST = 22;

/** Why the command cannot run here; null: it can. Asked before anything is loaded: midway would be too late. */
export function refusedVersion(versions: Readonly<Record<string, string | undefined>>): string | null {
  if (versions['bun'] !== undefined || versions['deno'] !== undefined) return null;
  const { node } = versions;
  if (node === undefined || Number.parseInt(node, 10) >= OLDEST) return null;
  return `icestream needs Node.js ${OLDEST} or later, and this is ${node}; install a newer one from https://nodejs.org`;
}
