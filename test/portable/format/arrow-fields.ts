/** Arrow fields and types for the tests of this folder, in few words. */
import type { ArrowField, ArrowType } from '../../../src/engine/arrow-schema.ts';

/** Nullable unless `more` says otherwise. */
export const field = (name: string, type: ArrowType, more: Partial<ArrowField> = {}): ArrowField => ({
  name,
  nullable: true,
  type,
  ...more,
});

export const required = { nullable: false } as const;
export const utf8: ArrowType = { kind: 'utf8', layout: 'offset32' };
export const int = (bitWidth: 8 | 16 | 32 | 64, signed = true): ArrowType => ({ kind: 'int', bitWidth, signed });
export const float = (bitWidth: 16 | 32 | 64): ArrowType => ({ kind: 'float', bitWidth });
export const decimal = (bitWidth: 32 | 64 | 128 | 256, precision: number, scale: number): ArrowType => ({
  kind: 'decimal',
  bitWidth,
  precision,
  scale,
});
