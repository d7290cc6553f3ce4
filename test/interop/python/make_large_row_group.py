"""One large row group of numbers, texts and lists: make_large_row_group.py pyarrow|pyarrow-index|duckdb OUT ROWS."""

import array
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

writer, out, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
random.seed(7)


def numbers(code, type, count):
    """Random bits: as doubles they are of every size, and some are NaN."""
    return pa.Array.from_buffers(type, count, [None, pa.py_buffer(random.randbytes(array.array(code).itemsize * count))])


offsets = pa.array(range(0, 2 * rows + 1, 2), pa.int32())
table = pa.table(
    {
        "id": pa.array(range(rows), pa.int64()),
        **{f"d{i}": numbers("d", pa.float64(), rows) for i in range(4)},
        "text": pa.array([None if n % 20 == 7 else f"row {n} " + "x" * (n % 60) for n in range(rows)]),
        "few": pa.array([f"value {n % 17}" for n in range(rows)]),
        "list": pa.ListArray.from_arrays(offsets, numbers("q", pa.int64(), 2 * rows)),
    }
)
if writer == "duckdb":
    import duckdb

    duckdb.connect().execute(f"COPY (FROM \"table\") TO '{out}' (FORMAT parquet, ROW_GROUP_SIZE {rows}, COMPRESSION snappy)")
else:
    pq.write_table(table, out, row_group_size=rows, compression="snappy", write_page_index=writer == "pyarrow-index")
