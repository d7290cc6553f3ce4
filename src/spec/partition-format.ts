/** Partition specs as people write them: what `parsePartitioning` reads. */
import { defaultPartitionName } from './partition-parse.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import { schemaIndex } from './schema-index.ts';
import { parseTransform, type Transform } from './transform.ts';
import type { StructType } from './types.ts';

/**
 * `month(date), bucket(16, id) as shard`; nothing for a table without partitions. Of a field whose column the schema no
 * longer has, or whose transform is of a later version, its name and the spec's spelling: `x: transform`.
 */
export function formatPartitioning(spec: PartitionSpec, schema: StructType): string {
  const { byId } = schemaIndex(schema);
  return spec.fields.map((field) => formatField(field, byId.get(field['source-id'] ?? 0)?.path)).join(', ');
}

function formatField({ name, transform: text }: PartitionField, column: string | undefined): string {
  const transform = parseTransform(text);
  if (column === undefined || transform.kind === 'unknown') return `${quoted(name)}: ${text}`;
  const alias = name === defaultPartitionName(transform, column) ? '' : ` as ${quoted(name)}`;
  return `${formatTerm(transform, quoted(column))}${alias}`;
}

function formatTerm(transform: Transform, column: string): string {
  switch (transform.kind) {
    case 'identity':
      return column;
    case 'bucket':
      return `bucket(${transform.buckets}, ${column})`;
    case 'truncate':
      return `truncate(${column}, ${transform.width})`;
    default:
      return `${transform.kind}(${column})`;
  }
}

function quoted(name: string): string {
  return /^[\p{L}_][\p{L}\p{N}_.$-]*$/u.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
