/** What splitting unclustered rows by partition costs beside encoding them, and beside a load's other work. */
import { type Benchmark, measure } from '../harness.ts';

const child = new URL('../child/route.ts', import.meta.url).pathname;
const turns = 3;

export const route: Benchmark = {
  name: 'route',
  what: 'split unclustered rows into 100 partitions: CPU against encoding them, in an engine at work (after a first round of both)',
  defaultRows: 1_310_720,
  async *run({ rows }) {
    const encodeMs = { default: Infinity, compact: Infinity };
    let [readMs, routeMs] = [Infinity, Infinity];
    for (let turn = 0; turn < turns; turn++) {
      for (const encoding of ['default', 'compact'] as const) {
        const options = ['--conditions=icestream-source', '--no-warnings'];
        const { result } = await measure(['node', ...options, child, String(rows), encoding]);
        const least = (name: string) => Math.min(...(result[name] as number[]).slice(1));
        readMs = Math.min(readMs, least('readMs'));
        routeMs = Math.min(routeMs, least('routeMs'));
        encodeMs[encoding] = Math.min(encodeMs[encoding], least('encodeMs'));
      }
    }
    yield { name: 'reading Arrow and aligning: CPU', value: readMs / 1000, unit: 's' };
    yield { name: 'routing: CPU', value: routeMs / 1000, unit: 's' };
    for (const encoding of ['default', 'compact'] as const) {
      const ms = encodeMs[encoding];
      yield { name: `encoding, ${encoding}: CPU`, value: ms / 1000, unit: 's' };
      const part = { name: 'routing against it', value: (100 * routeMs) / ms, unit: '%' };
      yield encoding === 'default' ? { ...part, bar: { atMost: 15 } } : part;
      yield { name: 'routing against reading, aligning and it', value: (100 * routeMs) / (readMs + ms), unit: '%' };
    }
  },
};
