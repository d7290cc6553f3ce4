/**
 * A table schema from a source's schema, for create. Only widening: every value of the Arrow type has a place in the
 * Iceberg type, or the aligner refuses it by value (nanoseconds in a v2 table).
 */
import type { ArrowField, ArrowSchema, ArrowType } from '../engine/arrow-schema.ts';
import { IcestreamError } from '../errors.ts';
import type { Schema } from '../spec/schema.ts';
import type { NestedField, Type } from '../spec/types.ts';
import { type ColumnProblem, childPath, columnError, nameProblems } from './column-problem.ts';

export interface IcebergSchemaOptions {
  /** Nanosecond timestamps stay nanoseconds in v3; in v2 they become microseconds and a value that has more is refused. */
  readonly formatVersion: 2 | 3;
  /** For messages, and the place of errors: the source's name. */
  readonly source?: string;
  /** The first id to give. Default 1. */
  readonly firstFieldId?: number;
}

/**
 * Unsigned integers widen (uint8/16 → int, uint32 → long, uint64 → decimal(20, 0)), float16 → float, date64 → date,
 * seconds and milliseconds → microseconds, dictionaries and run ends → their values. Ids are given level by level, as
 * Iceberg Java does. Columns are required only where Arrow says not null.
 * @throws IcestreamError SCHEMA_MISMATCH naming every column that has no Iceberg type, a duplicate or an empty name.
 */
export function icebergSchemaFromArrow(schema: ArrowSchema, options: IcebergSchemaOptions): Schema {
  const converter = new ArrowConverter(options.formatVersion, options.firstFieldId ?? 1);
  const fields = converter.struct(schema.fields, '');
  const place = options.source === undefined ? {} : { file: options.source };
  if (fields.length === 0 && converter.problems.length === 0) {
    throw new IcestreamError('SCHEMA_MISMATCH', `${options.source ?? 'the source'} has no columns`, place);
  }
  if (converter.problems.length > 0) {
    const subject = `${options.source ?? 'the source'} cannot become a table`;
    throw columnError('SCHEMA_MISMATCH', subject, converter.problems, place);
  }
  return { type: 'struct', 'schema-id': 0, fields };
}

/** Converts fields and gives ids; problems are collected. */
export class ArrowConverter {
  readonly problems: ColumnProblem[] = [];
  readonly #formatVersion: 1 | 2 | 3;
  #nextId: number;

  constructor(formatVersion: 1 | 2 | 3, firstFieldId: number) {
    this.#formatVersion = formatVersion;
    this.#nextId = firstFieldId;
  }

  /** The last id that was given. */
  get lastFieldId(): number {
    return this.#nextId - 1;
  }

  /** Fields of one struct: ids for all of them first, then for their children. */
  struct(fields: readonly ArrowField[], path: string): NestedField[] {
    this.problems.push(
      ...nameProblems(
        fields.map((f) => f.name),
        path,
      ),
    );
    const ids = fields.map(() => this.#nextId++);
    return fields.map((field, i) => ({
      id: ids[i] ?? 0,
      name: field.name,
      required: !field.nullable,
      type: this.type(field, childPath(path, field.name)),
    }));
  }

  type(field: Pick<ArrowField, 'type' | 'extension'>, path: string): Type {
    const { type, extension } = field;
    switch (type.kind) {
      case 'list':
      case 'fixed_size_list': {
        const id = this.#nextId++;
        return {
          type: 'list',
          'element-id': id,
          'element-required': !type.element.nullable,
          element: this.type(type.element, childPath(path, 'element')),
        };
      }
      case 'map': {
        const keyId = this.#nextId++;
        const valueId = this.#nextId++;
        return {
          type: 'map',
          'key-id': keyId,
          key: this.type(type.key, childPath(path, 'key')),
          'value-id': valueId,
          'value-required': !type.value.nullable,
          value: this.type(type.value, childPath(path, 'value')),
        };
      }
      case 'struct':
        if (type.fields.length === 0) return this.#refuse(path, 'is a struct without fields; leave it out');
        return { type: 'struct', fields: this.struct(type.fields, path) };
      case 'dictionary':
      case 'run_end_encoded':
        return this.type({ ...field, type: type.value }, path);
      default: {
        const primitive = icebergPrimitive(type, extension, this.#formatVersion);
        return 'refused' in primitive ? this.#refuse(path, primitive.refused) : primitive.type;
      }
    }
  }

  #refuse(column: string, problem: string): Type {
    this.problems.push({ column, problem });
    return 'string';
  }
}

type Converted = { readonly type: Type } | { readonly refused: string };

function icebergPrimitive(type: ArrowType, extension: string | undefined, formatVersion: 1 | 2 | 3): Converted {
  switch (type.kind) {
    case 'bool':
      return { type: 'boolean' };
    case 'int':
      if (type.signed) return { type: type.bitWidth === 64 ? 'long' : 'int' };
      if (type.bitWidth === 64) return { type: 'decimal(20, 0)' };
      return { type: type.bitWidth === 32 ? 'long' : 'int' };
    case 'float':
      return { type: type.bitWidth === 64 ? 'double' : 'float' };
    case 'decimal':
      return icebergDecimal(type.precision, type.scale);
    case 'date':
      return { type: 'date' };
    case 'time':
      return { type: 'time' };
    case 'timestamp': {
      const base = type.timezone === null ? 'timestamp' : 'timestamptz';
      return { type: type.unit === 'ns' && formatVersion >= 3 ? `${base}_ns` : base };
    }
    case 'utf8':
      return { type: 'string' };
    case 'binary':
      return { type: 'binary' };
    case 'fixed_size_binary':
      if (type.byteWidth === 0) return { refused: 'is a binary of fixed length 0; leave it out' };
      return { type: extension === 'arrow.uuid' && type.byteWidth === 16 ? 'uuid' : `fixed[${type.byteWidth}]` };
    case 'null':
      return { refused: 'holds only nulls and has no type; cast it to the type it should have, or leave it out' };
    case 'duration':
      return { refused: 'is a duration, which Iceberg does not have; cast it to a 64-bit integer of its unit' };
    case 'interval':
      return { refused: 'is an interval, which Iceberg does not have; cast it to integers or a string' };
    case 'union':
      return { refused: 'is a union, which Iceberg does not have; split it into one column a type' };
    default:
      return { refused: `has the type ${type.kind}, which Iceberg does not have` };
  }
}

function icebergDecimal(precision: number, scale: number): Converted {
  const widened = scale < 0 ? precision - scale : Math.max(precision, scale);
  if (widened > 38) {
    return {
      refused: `is decimal(${precision}, ${scale}); Iceberg holds at most 38 digits: cast it to a smaller precision or to a string`,
    };
  }
  return { type: `decimal(${widened}, ${Math.max(scale, 0)})` };
}
