"""Reads a Parquet file with PyArrow on one thread, several times: decode_pyarrow.py FILE COLUMNS."""

import json
import resource
import sys

import pyarrow as pa
import pyarrow.parquet as pq

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
path, names = sys.argv[1], sys.argv[2]
columns = names.split(",") if names else None


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (usage.ru_utime + usage.ru_stime)


times, rows = [], 0
for _ in range(4):
    before, rows = used(), 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=8192, columns=columns, use_threads=False):
            rows += batch.num_rows
    times.append(used() - before)
print(json.dumps({"rows": rows, "cpuMs": times}))
