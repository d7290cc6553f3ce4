"""The rows of a Parquet file in some ranges, as an Arrow stream: take_rows.py FILE OUT COLUMNS START END [START END …]."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

path, out, columns = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
bounds = [int(bound) for bound in sys.argv[4:]]
rows = [row for start, end in zip(bounds[::2], bounds[1::2]) for row in range(start, end)]
taken = pq.read_table(path, columns=columns).take(pa.array(rows, pa.int64())).combine_chunks()
with pa.ipc.new_stream(out, taken.schema) as stream:
    stream.write_table(taken)
