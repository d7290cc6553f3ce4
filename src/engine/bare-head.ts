/** What can be seen of a record of `ClusteredRows` without an engine; `wasm/src/bare.rs` writes it. */

export interface BareHead {
  /** Of all of it. */
  readonly bytes: number;
  readonly rows: number;
  /** `Batch.byteLength` of the rows. */
  readonly rowBytes: number;
  /** The label comes right behind the head. */
  readonly labelBytes: number;
}

export const BARE_HEAD_BYTES = 28;

/** The head that begins at byte `at`, as it stands there: whether it was damaged shows when the rows are read. */
export function bareHead(view: DataView, at: number): BareHead {
  return {
    bytes: view.getUint32(at + 8, true),
    rows: view.getUint32(at + 12, true),
    rowBytes: view.getUint32(at + 16, true),
    labelBytes: view.getUint32(at + 20, true),
  };
}
