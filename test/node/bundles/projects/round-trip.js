/** What each of these applications does with the package: rows into a table in memory, and back out of it. */
import { StoreCatalog } from 'icestream';
import { MemoryStore } from 'icestream/storage/memory';

/** Answers plain JSON. Where the engine reads no Parquet, `rows` is the code of the error. */
export async function roundTrip(options = {}) {
  const store = new MemoryStore();
  const catalog = StoreCatalog.open({ warehouse: 'memory:///house', store });
  await catalog.createNamespace('demo');
  const rows = Array.from({ length: 1000 }, (_, i) => ({ id: BigInt(i), name: `row ${i % 10}` }));
  const { table, result } = await catalog.createAndAppend('demo.rows', rows, {}, options);
  return { appended: Number(result.rows), rows: await readBack(table) };
}

async function readBack(table) {
  try {
    const rows = [];
    for await (const { id, name } of table.scan().rows()) rows.push([Number(id), name]);
    return rows;
  } catch (error) {
    return error.code;
  }
}
