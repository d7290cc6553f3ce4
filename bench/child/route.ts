/**
 * CPU of reading and aligning rows, of splitting them by partition, and of encoding them: `route.ts ROWS default|compact`. All rounds have one engine: a
 * load of many rows routes and encodes in memory that it has used before.
 */
import { newEngine } from '../../src/engine/default-engine.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { benchIpc } from '../data/ipc.ts';
import { cpuMs } from '../support/cpu.ts';

const rows = Number(process.argv[2]);
const encoding = process.argv[3] === 'compact' ? 'compact' : 'default';
const rounds = 8;
const input = [...benchIpc(rows, 32_768)];
const readMs: number[] = [];
const routeMs: number[] = [];
const encodeMs: number[] = [];
const engine = await newEngine({ memoryLimitBytes: 256 * 1024 * 1024 });

for (let round = 0; round < rounds; round++) {
  let [read, route, encode, parts] = [0, 0, 0, 0];
  for (let i = 0; i < input.length; i += 4) {
    const start = cpuMs();
    const group = input.slice(i, i + 4).flatMap((stream: Bytes) => engine.fromIpc(stream));
    const [first] = group;
    if (first === undefined) throw new Error('no batch');
    const { schema } = first;
    // Field ids name the source column.
    const target = { ...schema, fields: schema.fields.map((field, n) => ({ ...field, fieldId: n + 1 })) };
    using aligner = engine.aligner(schema, { target });
    const aligned = group.map((batch) => aligner.align(batch));
    const copies = aligned.map((batch) => batch.slice(0, batch.numRows));
    const ready = cpuMs();
    for (const part of engine.partition(copies, [{ sourceId: 1, transform: 'bucket[100]' }]).slices) {
      parts++;
      part.batch.free();
    }
    const routed = cpuMs();
    const encoder = engine.encoder({
      schema: target,
      codec: 'zstd',
      level: 1,
      encoding,
      pageSizeBytes: 1024 * 1024,
      pageRowLimit: 20_000,
      dictionarySizeBytes: 1024 * 1024,
      statisticsTruncateBytes: 64,
    });
    for await (const _ of encoder.writeRowGroup(aligned));
    await encoder.finish();
    read += ready - start;
    route += routed - ready;
    encode += cpuMs() - routed;
  }
  if (parts < (100 * input.length) / 4) throw new Error(`${parts} parts of ${input.length} batches`);
  readMs.push(read);
  routeMs.push(route);
  encodeMs.push(encode);
}
console.log(JSON.stringify({ readMs, routeMs, encodeMs }));
