/** Default values of fields as what the engine fills columns with (spec: Default values). */
import type { AlignConstant } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Schema } from '../spec/schema.ts';
import { singleValueFromJson } from '../spec/single-value-json.ts';
import type { NestedField, Type } from '../spec/types.ts';
import { constantText } from './constant-text.ts';

type DefaultKind = 'write-default' | 'initial-default';

/** The write-defaults of the schema's primitive fields, nested ones too. */
export function writeDefaults(schema: Schema): AlignConstant[] {
  return defaults(schema, 'write-default');
}

/** The same of its initial-defaults: what rows of files have that were written before the field existed. */
export function initialDefaults(schema: Schema): AlignConstant[] {
  return defaults(schema, 'initial-default');
}

function defaults(schema: Schema, kind: DefaultKind): AlignConstant[] {
  const found: AlignConstant[] = [];
  visit(schema, [], kind, found);
  return found;
}

function visit(type: Type, path: readonly string[], kind: DefaultKind, found: AlignConstant[]): void {
  if (typeof type === 'string') return;
  switch (type.type) {
    case 'struct':
      for (const field of type.fields) {
        const at = [...path, field.name];
        if (typeof field.type === 'string' && (field[kind] ?? null) !== null) {
          found.push({ path: at, value: defaultText(field, kind, at.join('.')) });
        }
        visit(field.type, at, kind, found);
      }
      break;
    case 'list':
      visit(type.element, [...path, 'element'], kind, found);
      break;
    case 'map':
      visit(type.key, [...path, 'key'], kind, found);
      visit(type.value, [...path, 'value'], kind, found);
      break;
  }
}

function defaultText(field: NestedField, kind: DefaultKind, column: string): string | null {
  if (typeof field.type !== 'string') return null;
  try {
    const value = singleValueFromJson(field.type, field[kind]);
    return value === null ? null : constantText(field.type, value);
  } catch (error) {
    if (!(error instanceof IcestreamError)) throw error;
    const message = `the ${kind} of column ${column}: ${error.message}`;
    throw new IcestreamError(error.code, message, { column, cause: error });
  }
}
