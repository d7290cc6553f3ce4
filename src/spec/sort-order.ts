/** Sort orders (spec: Sorting, Appendix C). */
export interface SortField {
  readonly transform: string;
  readonly 'source-id'?: number;
  readonly 'source-ids'?: readonly number[];
  readonly direction: 'asc' | 'desc';
  readonly 'null-order': 'nulls-first' | 'nulls-last';
}

export interface SortOrder {
  readonly 'order-id'?: number;
  readonly fields: readonly SortField[];
}
