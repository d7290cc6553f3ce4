/** What tells a schema from something else that was given as one. */
import { isObject } from '../util/is-object.ts';

const RULE =
  "schema must be an Iceberg schema, as { type: 'struct', fields: [{ id: 1, name: 'id', required: true, type: 'long' }] }, " +
  "or an Arrow schema, as { fields: [{ name: 'id', nullable: false, type: { kind: 'int', bitWidth: 64, signed: true } }] }";

/**
 * Whether its types exist is told by who reads them.
 * @throws TypeError for what is no schema; undefined is not given.
 */
export function requireSchema(schema: unknown): void {
  if (schema === undefined) return;
  if (!isObject(schema)) throw new TypeError(`${RULE}, not ${schema === null ? 'null' : `a ${typeof schema}`}`);
  const { fields } = schema;
  if (!Array.isArray(fields)) throw new TypeError(`${RULE}, not an object without a list of fields`);
  const isType = 'type' in schema ? isIcebergType : isArrowType;
  const odd = fields.findIndex(
    (field) => !(isObject(field) && typeof field['name'] === 'string' && isType(field['type'])),
  );
  if (odd >= 0) throw new TypeError(`${RULE}, not one whose field ${odd + 1} lacks a name or such a type`);
}

function isIcebergType(type: unknown): boolean {
  return typeof type === 'string' || (isObject(type) && typeof type['type'] === 'string');
}

function isArrowType(type: unknown): boolean {
  return isObject(type) && typeof type['kind'] === 'string';
}
