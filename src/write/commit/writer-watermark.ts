/**
 * Exactly once without history: for each writer and branch, the highest sequence that was loaded, as a table property
 * that changes in the commit that adds the rows. It outlives snapshots, and stands also for loads without rows.
 *
 * `icestream.writer.<id>.sequence` is the property for `main`, `icestream.writer.<id>.sequence.<branch>` for another
 * branch, names percent-encoded. The value is the sequence, and the snapshot of that load after an `@` unless it had no
 * rows: `42@8924558786060583479`.
 */
import { IcestreamError } from '../../errors.ts';
import { ownValue } from '../../spec/json-cursor.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { requireName } from '../../util/known-options.ts';
import type { WriterPosition } from '../write-options.ts';

export interface Watermark {
  readonly sequence: bigint;
  /** Of the load that set it; null: it had no rows. */
  readonly snapshotId: bigint | null;
}

const MAX_SEQUENCE = 2n ** 63n - 1n;

/** @throws TypeError naming what cannot be. */
export function requireWriter(writer: WriterPosition): WriterPosition {
  const { id, sequence } = writer;
  requireName('writer.id', id);
  if (typeof sequence !== 'bigint' || sequence < 0n || sequence > MAX_SEQUENCE) {
    throw new TypeError(`writer.sequence must be a bigint from 0n to 2^63 - 1, not ${String(sequence)}`);
  }
  return writer;
}

/**
 * What the branch holds of the writer; null: nothing yet.
 * @throws IcestreamError INVALID_METADATA when someone put something else into the property.
 */
export function watermarkOf(metadata: TableMetadata, writerId: string, branch: string): Watermark | null {
  const property = watermarkProperty(writerId, branch);
  const text = ownValue(metadata.properties, property);
  if (text === undefined) return null;
  const [, sequence, snapshotId] = /^(\d{1,19})(?:@(\d{1,19}))?$/.exec(text) ?? [];
  if (sequence === undefined) {
    throw new IcestreamError(
      'INVALID_METADATA',
      `the table property ${property} is ${JSON.stringify(text)}, and no sequence of a writer; correct or remove it`,
      { option: 'writer' },
    );
  }
  return { sequence: BigInt(sequence), snapshotId: snapshotId === undefined ? null : BigInt(snapshotId) };
}

/** The properties that set the watermark. */
export function watermarkProperties(
  { id, sequence }: WriterPosition,
  branch: string,
  snapshotId: bigint | null,
): Readonly<Record<string, string>> {
  const value = snapshotId === null ? `${sequence}` : `${sequence}@${snapshotId}`;
  return { [watermarkProperty(id, branch)]: value };
}

function watermarkProperty(writerId: string, branch: string): string {
  const property = `icestream.writer.${escaped(writerId)}.sequence`;
  return branch === 'main' ? property : `${property}.${escaped(branch)}`;
}

/** Percent-encoded, dots too: they part the name. */
function escaped(name: string): string {
  return encodeURIComponent(name).replace(
    /[.!~*'()]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
