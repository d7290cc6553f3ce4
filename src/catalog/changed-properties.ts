import type { NamespaceChanges, NamespaceUpdate } from './catalog.ts';

/** A namespace's properties after a change, and what the change did. */
export function changedProperties(
  before: Readonly<Record<string, string>>,
  { updates = {}, removals = [] }: NamespaceChanges,
): NamespaceUpdate & { readonly properties: Record<string, string> } {
  const properties = new Map(Object.entries(before));
  const removed = removals.filter((key) => properties.delete(key));
  const missing = removals.filter((key) => !removed.includes(key));
  for (const [key, value] of Object.entries(updates)) properties.set(key, value);
  return { properties: Object.fromEntries(properties), updated: Object.keys(updates), removed, missing };
}
