/** Equality of JSON-like values: order of members does not count, `undefined` members are absent, 1 equals 1n. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    const numeric = ['bigint', 'number'].includes(typeof a) && ['bigint', 'number'].includes(typeof b);
    // biome-ignore lint/suspicious/noDoubleEquals: the one comparison that crosses number and bigint
    return numeric && (a as bigint) == (b as bigint);
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => deepEqual(item, (b as unknown[])[index]))
    );
  }
  const left = definedMembers(a);
  const right = definedMembers(b);
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    if (!right.has(key) || !deepEqual(value, right.get(key))) return false;
  }
  return true;
}

function definedMembers(object: object): Map<string, unknown> {
  return new Map(Object.entries(object).filter(([, value]) => value !== undefined));
}
