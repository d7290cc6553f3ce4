/** What the Deno example uses of its runtime, for the type checker of Node. */
declare const Deno: { readonly args: readonly string[]; exit(code: number): never };
