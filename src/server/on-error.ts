/** Told of what clients are told nothing of, for the log: failures of what stands behind an app, and of the app itself. */
export type OnError = (error: unknown, request: { readonly method: string; readonly path: string }) => void;

/** To the console. */
export const logError: OnError = (error, { method, path }) => console.error(`${method} ${path}:`, error);
