/** Metrics of a data file from its Parquet footer (spec: Manifests, data_file; Appendix D). */
import type { DataFile } from '../spec/data-file.ts';
import type { MetricsMode } from '../spec/metrics-modes.ts';
import type { Schema } from '../spec/schema.ts';
import { schemaIndex } from '../spec/schema-index.ts';
import { singleValueToBytes } from '../spec/single-value.ts';
import { truncateBinaryMax, truncateBinaryMin, truncateStringMax, truncateStringMin } from '../spec/truncate-bounds.ts';
import type { PrimitiveType, SingleValue } from '../spec/types.ts';
import type { FileLeaf } from './file-leaves.ts';
import { parquetBoundValue } from './parquet-bound.ts';

export type FileMetrics = Pick<
  DataFile,
  'columnSizes' | 'valueCounts' | 'nullValueCounts' | 'nanValueCounts' | 'lowerBounds' | 'upperBounds'
>;

/**
 * Of the table's leaves, as far as the modes want them and the footer knows them: sizes, and of those outside lists and
 * maps counts and bounds.
 */
export function footerMetrics(
  leaves: readonly FileLeaf[],
  schema: Schema,
  modes: ReadonlyMap<number, MetricsMode>,
): FileMetrics {
  const columnSizes = new Map<number, bigint>();
  const valueCounts = new Map<number, bigint>();
  const nullValueCounts = new Map<number, bigint>();
  const nanValueCounts = new Map<number, bigint>();
  const lowerBounds = new Map<number, Uint8Array>();
  const upperBounds = new Map<number, Uint8Array>();
  const { byId } = schemaIndex(schema);
  for (const leaf of leaves) {
    const { facts, fieldId: id } = leaf;
    const type = id === null ? undefined : byId.get(id)?.type;
    if (id === null || typeof type !== 'string') continue;
    const mode = modes.get(id);
    if (mode === undefined || mode.kind === 'none') continue;
    columnSizes.set(id, BigInt(facts.compressedBytes));
    if (facts.repeated) continue;
    valueCounts.set(id, BigInt(facts.valueCount));
    if (facts.nullCount !== null) nullValueCounts.set(id, BigInt(facts.nullCount));
    if (facts.nanCount !== null && isFloating(type)) nanValueCounts.set(id, BigInt(facts.nanCount));
    if (mode.kind === 'counts') continue;
    const lower = bound(leaf, type, 'lower', mode);
    const upper = bound(leaf, type, 'upper', mode);
    if (lower !== null) lowerBounds.set(id, singleValueToBytes(type, lower));
    if (upper !== null) upperBounds.set(id, singleValueToBytes(type, upper));
  }
  return { columnSizes, valueCounts, nullValueCounts, nanValueCounts, lowerBounds, upperBounds };
}

function isFloating(type: PrimitiveType): boolean {
  return type === 'float' || type === 'double';
}

/** A bound as the mode wants it; null: the footer gives none, or it cannot be cut. */
function bound(
  { facts, fileType }: FileLeaf,
  type: PrimitiveType,
  side: 'lower' | 'upper',
  mode: MetricsMode,
): SingleValue | null {
  const bytes = side === 'lower' ? facts.min : facts.max;
  if (bytes === null) return null;
  const { physicalType } = facts;
  const value = parquetBoundValue({ physicalType, bytes, side, ...(fileType === undefined ? {} : { fileType }) }, type);
  if (mode.kind !== 'truncate') return value;
  if (typeof value === 'string') {
    return side === 'lower' ? truncateStringMin(value, mode.length) : truncateStringMax(value, mode.length);
  }
  // Of a uuid nothing is left out: it is a number.
  if (!(value instanceof Uint8Array) || type === 'uuid') return value;
  return side === 'lower' ? truncateBinaryMin(value, mode.length) : truncateBinaryMax(value, mode.length);
}
