/** A value that its column cannot hold, before it is known in which row it stands. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
  /** Dotted path. */
  readonly column: string;
  readonly reason: string;

  constructor(column: string, reason: string) {
    super(`${column}: ${reason}`);
    this.column = column;
    this.reason = reason;
  }
}
