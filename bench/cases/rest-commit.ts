/** Writers that commit to one table of a real REST catalog at once: every snapshot must be there, every row once. */

import { fromAny } from '../../src/source/from-any.ts';
import { RestCatalog } from '../../src/table/rest-catalog.ts';
import { startRestFixture } from '../../test/support/kit/catalog-servers.ts';
import { install } from '../../test/support/kit/install.ts';
import { startVersitygw } from '../../test/support/kit/s3-servers.ts';
import { benchIpc } from '../data/ipc.ts';
import { type Benchmark, mebibyte } from '../harness.ts';

const writers = 4;
const rowsPerAppend = 100;

export const restCommit: Benchmark = {
  name: 'rest-commit',
  what: 'four writers append to one table of a REST catalog at once: all snapshots present, no row lost or doubled',
  defaultRows: writers * 50 * rowsPerAppend,
  async *run({ rows, log }) {
    const appends = Math.floor(rows / rowsPerAppend / writers);
    await install(['versitygw', 'fixture'], log);
    const s3 = await startVersitygw();
    const fixture = await startRestFixture(s3.access);
    try {
      const { endpoint, region, accessKeyId, secretAccessKey } = s3.access;
      const properties = {
        's3.endpoint': endpoint,
        's3.region': region,
        's3.access-key-id': accessKeyId,
        's3.secret-access-key': secretAccessKey,
        's3.path-style-access': 'true',
      };
      const connect = () => RestCatalog.connect({ uri: fixture.url, properties });
      const catalog = await connect();
      await catalog.createNamespace('bench');
      const [ipc] = benchIpc(rowsPerAppend, rowsPerAppend);
      if (ipc === undefined) throw new Error('no rows');
      const memoryLimitBytes = 64 * mebibyte;
      const name = 'bench.contended';
      const { table } = await catalog.createAndAppend(name, fromAny(ipc), {
        properties: {
          'commit.retry.num-retries': '50',
          'commit.retry.min-wait-ms': '20',
          'commit.retry.max-wait-ms': '2000',
        },
      });
      const started = performance.now();
      const results = await Promise.all(
        Array.from({ length: writers }, async () => {
          const mine = await (await connect()).loadTable(name);
          const done = [];
          for (let i = 0; i < appends; i++) done.push(await mine.append(fromAny(ipc), { memoryLimitBytes }));
          return done;
        }),
      );
      const elapsedMs = performance.now() - started;
      const committed = results.flat();
      await table.refresh();
      const ids = new Set(table.snapshots().map((snapshot) => snapshot.snapshotId));
      const paths: string[] = [];
      let counted = 0n;
      for await (const { file } of table.files()) {
        paths.push(file.filePath);
        counted += file.recordCount;
      }
      const missing = committed.filter(({ snapshotId }) => snapshotId === null || !ids.has(snapshotId)).length;
      const expected = (writers * appends + 1) * rowsPerAppend;
      yield { name: 'appends', value: committed.length, unit: '', bar: { atLeast: writers * appends } };
      yield {
        name: 'snapshots missing',
        value: missing + (writers * appends + 1 - ids.size),
        unit: '',
        bar: { atMost: 0 },
      };
      yield { name: 'rows lost or doubled', value: Math.abs(Number(counted) - expected), unit: '', bar: { atMost: 0 } };
      yield {
        name: 'files live more than once',
        value: paths.length - new Set(paths).size,
        unit: '',
        bar: { atMost: 0 },
      };
      yield {
        name: 'commits rebuilt after a conflict',
        value: committed.reduce((sum, one) => sum + one.retries, 0),
        unit: '',
      };
      yield { name: 'elapsed', value: elapsedMs / 1000, unit: 's' };
    } finally {
      await fixture.stop();
      await s3.stop();
    }
  },
};
