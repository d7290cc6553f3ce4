"""PyIceberg appends one Parquet file to a new table: pyiceberg_append.py FILE JSON. Prints what it cost.

Unpartitioned it streams (`append(RecordBatchReader)`); into a partitioned table PyIceberg 0.12 takes a table in memory.
"""

import json
import resource
import sys
import time

started = time.time()
path, job = sys.argv[1], json.loads(sys.argv[2])

import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.transforms import BucketTransform, IdentityTransform


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
catalog = SqlCatalog("bench", uri=f"sqlite:///{job['scratch']}/catalog.db", warehouse=job["warehouse"], **job["s3"])
catalog.create_namespace("bench")
file = pq.ParquetFile(path)
table = catalog.create_table(
    "bench.rows", schema=file.schema_arrow, properties={"write.parquet.compression-level": "1"}
)
if job.get("buckets"):
    with table.update_spec() as update:
        if job.get("byCategory"):
            update.add_field("cat", IdentityTransform(), "cat")
        update.add_field("id", BucketTransform(job["buckets"]), "id_bucket")
    table.append(pq.read_table(path))
else:
    import pyarrow as pa

    table.append(pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches()))
rows = int(table.current_snapshot().summary["total-records"])
files = int(table.current_snapshot().summary["total-data-files"])
cpu, peak = used()
print(json.dumps({
    "cpuMs": cpu * 1000, "elapsedMs": (time.time() - started) * 1000, "peakRssBytes": peak, "idleRssBytes": idle,
    "rows": rows, "files": files, "bytes": int(table.current_snapshot().summary["total-files-size"]),
}))
