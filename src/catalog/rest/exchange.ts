/** What came back from one send. */
export type Exchange =
  | { readonly kind: 'answer'; readonly status: number; readonly headers: Headers; readonly text: string }
  | { readonly kind: 'redirect'; readonly status: number }
  /** The request may have arrived: the network failed, time ran out, or the answer could not be read whole. */
  | { readonly kind: 'lost'; readonly cause: unknown };
