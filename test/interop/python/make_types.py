"""Writes one Arrow IPC stream with every type an Iceberg v2 table can hold: make_types.py OUT ROWS [CHANGE ...].

CHANGE: `long` adds a column with texts of 1 MB, `nanoseconds` the timestamps that v3 adds; any other names a column to
leave out.

Values include nulls, NaN, both zeros, infinities, dates before 1970, decimals of all three physical types and text
beyond the basic plane. Deterministic.
"""

import datetime as dt
import decimal
import random
import sys

import pyarrow as pa

out, rows, changes = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
rng = random.Random(7)
text = ["", "plain", "ümläut", "日本語", "🧊 ice", "a\tb\nc", "'quoted\"", "\U0010ffff", "z" * 300]


def some(make, null_rate=0.1):
    return [None if rng.random() < null_rate else make(i) for i in range(rows)]


def dec(digits, scale):
    limit = 10**digits - 1
    return lambda i: decimal.Decimal(rng.randint(-limit, limit)).scaleb(-scale, decimal.Context(prec=60))


doubles = [0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1.5, -2.25e300, 5e-324]
floats = [0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1.5, -2.5]
epoch = dt.datetime(1970, 1, 1)
utc = dt.timezone.utc


def moment(i):
    return epoch + dt.timedelta(microseconds=rng.randint(-(10**15), 2 * 10**15))


columns = {
    "id": (pa.int64(), list(range(rows)), False),
    "flag": (pa.bool_(), some(lambda i: rng.random() < 0.5), True),
    "small": (pa.int32(), some(lambda i: rng.randint(-(2**31), 2**31 - 1)), True),
    "big": (pa.int64(), some(lambda i: rng.randint(-(2**63), 2**63 - 1)), True),
    "single": (pa.float32(), some(lambda i: rng.choice(floats)), True),
    "double": (pa.float64(), some(lambda i: rng.choice(doubles)), True),
    "dec9": (pa.decimal128(9, 2), some(dec(9, 2)), True),
    "dec18": (pa.decimal128(18, 6), some(dec(18, 6)), True),
    "dec38": (pa.decimal128(38, 10), some(dec(38, 10)), True),
    "day": (pa.date32(), some(lambda i: dt.date(1970, 1, 1) + dt.timedelta(days=rng.randint(-30000, 30000))), True),
    "clock": (pa.time64("us"), some(lambda i: (epoch + dt.timedelta(microseconds=rng.randint(0, 86_399_999_999))).time()), True),
    "ts": (pa.timestamp("us"), some(moment), True),
    "tstz": (pa.timestamp("us", "UTC"), some(lambda i: moment(i).replace(tzinfo=utc)), True),
    "name": (pa.string(), some(lambda i: rng.choice(text) + str(rng.randint(0, 99))), True),
    "uid": (pa.uuid(), some(lambda i: rng.randbytes(16)), True),
    "fix": (pa.binary(5), some(lambda i: rng.randbytes(5)), True),
    "raw": (pa.binary(), some(lambda i: rng.randbytes(rng.randint(0, 40))), True),
    "tags": (pa.list_(pa.field("element", pa.string())), some(lambda i: [rng.choice(text + [None]) for _ in range(rng.randint(0, 4))]), True),
    "point": (pa.struct([pa.field("x", pa.float64(), False), pa.field("label", pa.string())]),
              some(lambda i: {"x": rng.random(), "label": rng.choice(text + [None])}), True),
    "counts": (pa.map_(pa.string(), pa.int64()), some(lambda i: [(f"k{k}", rng.choice([None, k])) for k in range(rng.randint(0, 3))]), True),
    "nested": (pa.list_(pa.field("element", pa.struct([pa.field("a", pa.int32()), pa.field("b", pa.list_(pa.field("element", pa.int64())))]))),
               some(lambda i: [{"a": rng.choice([None, k]), "b": [k, None]} for k in range(rng.randint(0, 3))]), True),
    "empty": (pa.string(), [None] * rows, True),
}
if "long" in changes:
    megabytes = {0: "é" * 500_000, 1: "x" * 1_000_000}
    columns["long"] = (pa.string(), [megabytes.get(i) for i in range(rows)], True)
if "nanoseconds" in changes:
    for name, zone in [("ts_ns", None), ("tstz_ns", "UTC")]:
        columns[name] = (pa.timestamp("ns", zone), some(lambda i: rng.randint(-(10**18), 2 * 10**18)), True)
columns = {name: column for name, column in columns.items() if name not in changes}
schema = pa.schema([pa.field(name, kind, nullable) for name, (kind, _, nullable) in columns.items()])
table = pa.table([pa.array(values, kind) for kind, values, _ in columns.values()], schema=schema)
with pa.ipc.new_stream(out, schema) as writer:
    writer.write_table(table, max_chunksize=1000)
