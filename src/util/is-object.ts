/** Whether a value of unknown origin may have properties; arrays have. */
export function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
