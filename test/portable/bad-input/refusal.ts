/** One bad source against a real table in memory: what the error says, and that nothing happened to the table. */
import { expect } from 'vitest';
import type { Engine } from '../../../src/engine/engine.ts';
import { type ErrorCode, type ErrorPlace, IcestreamError } from '../../../src/errors.ts';
import { type FromAnyOptions, fromAny, type SourceInput } from '../../../src/source/from-any.ts';
import type { RecordBatchSource } from '../../../src/source/source.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import type { Store, Upload } from '../../../src/storage/store.ts';
import type { Table } from '../../../src/table/table.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { type Lake, lake } from '../write/lake.ts';
import { testEngine } from '../write/rows.ts';

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** A table with one row in it, its store, and the uploads that were opened and neither finished nor aborted. */
export interface Target {
  readonly lake: Lake;
  readonly table: Table;
  readonly openUploads: ReadonlySet<string>;
  readonly engine: Engine;
}

/** `first`: a row to start with, as JSON; without one the table is empty. */
export async function target(schema: Schema, first?: string, partition?: readonly string[]): Promise<Target> {
  const openUploads = new Set<string>();
  const here = await lake({ store: (store) => watched(store, openUploads) });
  const table = await here.catalog.createTable('sales.t', schema, {
    ...(partition === undefined ? {} : { partitionSpec: partition }),
  });
  const engine = await testEngine();
  if (first !== undefined) await table.append(fromAny(utf8(first), { name: 'first.json' }), { engine });
  return { lake: here, table, openUploads, engine };
}

function watched(store: Store, open: Set<string>): Store {
  return new Proxy(store, {
    get(inner, name) {
      if (name === 'openUpload') {
        return async (...args: Parameters<Store['openUpload']>): Promise<Upload> => {
          const upload = await inner.openUpload(...args);
          open.add(upload.location);
          return new Proxy(upload, {
            get(one, key) {
              const value: unknown = Reflect.get(one, key);
              if (typeof value !== 'function') return value;
              return async (...more: unknown[]) => {
                const result: unknown = await Reflect.apply(value, one, more);
                if (key === 'finish' || key === 'abort') open.delete(one.location);
                return result;
              };
            },
          });
        };
      }
      const value: unknown = Reflect.get(inner, name);
      return typeof value === 'function' ? value.bind(inner) : value;
    },
  });
}

export interface Expected {
  readonly code: ErrorCode;
  /** Every field that is given must be so; `column` and the like that are not given are not looked at. */
  readonly place?: ErrorPlace;
  readonly message?: RegExp;
}

export interface RefusalOptions {
  readonly source?: FromAnyOptions;
  readonly write?: WriteOptions;
}

/** Appends; the error is the expected one and the table, its files and its uploads are as they were. */
export async function refused(
  at: Target,
  input: SourceInput | RecordBatchSource,
  expected: Expected,
  { source, write }: RefusalOptions = {},
): Promise<IcestreamError> {
  const before = await stateOf(at);
  const live = at.engine.liveBytes;
  const error = await at.table.append(fromAny(input, source), { engine: at.engine, ...write }).then(
    ({ rows }) => {
      throw new Error(`${rows} rows were appended`);
    },
    (thrown: unknown) => thrown,
  );
  expectError(error, expected);
  await expectUntouched(at, before, live);
  return error as IcestreamError;
}

export function expectError(error: unknown, { code, place, message }: Expected): asserts error is IcestreamError {
  if (!(error instanceof IcestreamError)) throw error;
  expect({ code: error.code, place: error.place, message: error.message }).toMatchObject({
    code,
    ...(place === undefined ? {} : { place }),
    ...(message === undefined ? {} : { message: expect.stringMatching(message) }),
  });
  expect(error.leftBehind).toEqual([]);
  expect(error.message).not.toMatch(/undefined|\[object|NaN bytes|null:/);
  if (place?.file !== undefined) expect(error.message).toContain(place.file);
}

export interface TableState {
  readonly objects: readonly string[];
  readonly snapshots: number;
  readonly current: bigint | undefined;
}

/** All objects of the store, and the table as a new reader sees it. */
export async function stateOf({ lake: here, table }: Target): Promise<TableState> {
  const fresh = await here.catalog.loadTable(table.name);
  return {
    objects: await here.objects(),
    snapshots: fresh.snapshots().length,
    current: fresh.currentSnapshot?.['snapshot-id'],
  };
}

export async function expectUntouched(at: Target, before: TableState, liveBytes: number): Promise<void> {
  expect(at.engine.alive).toBe(true);
  expect(await stateOf(at)).toEqual(before);
  expect([...at.openUploads]).toEqual([]);
  expect(at.engine.liveBytes - liveBytes).toBeLessThan(64 * 1024);
}

/** `fetch` that gives this answer. */
export function answering(response: () => Response) {
  return { ...defaultWorld, sleep: async () => {}, fetch: async () => response() };
}

export const gzip = (bytes: Bytes): Promise<Bytes> =>
  new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip')))
    .arrayBuffer()
    .then((buffer) => new Uint8Array(buffer));
