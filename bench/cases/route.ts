/** What splitting unclustered rows by partition costs beside encoding them, and beside a load's other work. */
import { type Benchmark, measure } from '../harness.ts';

const child = new URL('../child/route.ts', import.meta.url).pathname;
const turns = 3;

export const route: Benchmark = {
  name: 'route',
  what: 'split unclustered rows into 100 partitions: CPU against encoding them, in an engine at work (after a first round of both)',
  defaultRows: 1_310_720,
  async *run({ rows }) {
    let [reading, routing, encoding] = [Infinity, Infinity, Infinity];
    for (let turn = 0; turn < turns; turn++) {
      const { result } = await measure(['node', '--conditions=icestream-source', '--no-warnings', child, String(rows)]);
      reading = Math.min(reading, ...(result['readMs'] as number[]).slice(1));
      routing = Math.min(routing, ...(result['routeMs'] as number[]).slice(1));
      encoding = Math.min(encoding, ...(result['encodeMs'] as number[]).slice(1));
    }
    yield { name: 'reading Arrow and aligning: CPU', value: reading / 1000, unit: 's' };
    yield { name: 'routing: CPU', value: routing / 1000, unit: 's' };
    yield { name: 'encoding: CPU', value: encoding / 1000, unit: 's' };
    yield { name: 'routing against encoding', value: (100 * routing) / encoding, unit: '%', bar: { atMost: 15 } };
    yield {
      name: 'routing against reading, aligning and encoding',
      value: (100 * routing) / (reading + encoding),
      unit: '%',
    };
  },
};
