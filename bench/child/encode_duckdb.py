"""Writes an Arrow table in memory as Parquet with DuckDB on one thread, several times: encode_duckdb.py FILE OUT."""

import json
import os
import resource
import sys

import duckdb
import pyarrow.parquet as pq

rows = pq.read_table(sys.argv[1])
out = sys.argv[2]
connection = duckdb.connect(config={"threads": 1})
connection.register("bench_rows", rows)


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (usage.ru_utime + usage.ru_stime)


times = []
for _ in range(4):
    before = used()
    connection.execute(
        f"COPY bench_rows TO '{out}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 131072)"
    )
    times.append(used() - before)
print(json.dumps({"rows": rows.num_rows, "bytes": os.path.getsize(out), "cpuMs": times}))
