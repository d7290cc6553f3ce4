/** Looks for secrets in everything an error would show. */
import { inspect } from 'node:util';

/** All that a log might print of a value: message, stack, causes, own properties. */
export function everythingShown(value: unknown): string {
  const json = JSON.stringify(value, (_, item: unknown) =>
    item instanceof Error
      ? { ...item, message: item.message, stack: item.stack, cause: item.cause }
      : String(item) === '[object Object]' || Array.isArray(item)
        ? item
        : String(item),
  );
  return `${String(value)}\n${inspect(value, { depth: 10, showHidden: true })}\n${json}`;
}

/** The secrets that show up, in plain, URL-encoded or base64 form. */
export function leaks(value: unknown, secrets: readonly string[]): string[] {
  const shown = everythingShown(value);
  return secrets.filter((secret) =>
    [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')].some((form) => shown.includes(form)),
  );
}
