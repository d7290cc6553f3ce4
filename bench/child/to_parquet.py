"""Arrow IPC stream on standard input to a Parquet file: to_parquet.py OUT."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

with pa.ipc.open_stream(sys.stdin.buffer) as reader:
    with pq.ParquetWriter(sys.argv[1], reader.schema, compression="zstd", compression_level=1) as writer:
        pending, rows = [], 0
        for batch in reader:
            pending.append(batch)
            rows += batch.num_rows
            if rows >= 262_144:
                writer.write_table(pa.Table.from_batches(pending), row_group_size=rows)
                pending, rows = [], 0
        if pending:
            writer.write_table(pa.Table.from_batches(pending), row_group_size=rows)
