"""Reads one Iceberg table with another engine and compares it with the Arrow stream it was written from.

read_table.py --engine pyiceberg|duckdb --source FILE --key id
              (--metadata FILE | --uri URI --table NS.T) [--property k=v ...] [--filter TEXT]
read_table.py --engine stream|spark --read FILE --source FILE: compares two streams, what icestream or Spark read and
              what it should be; of what Spark read, only the columns that are there.
read_table.py --engine java --read FILE --source FILE: the same with what ReadTable.java prints.

Prints one JSON object: rows, types by column, `differences` (empty when every row and type is equal), and for
PyIceberg the files a filter plans (`planned`) of those the table has (`files`).
"""

import argparse
import datetime
import decimal
import json
import uuid

import pyarrow as pa

parser = argparse.ArgumentParser()
parser.add_argument("--engine", required=True)
parser.add_argument("--source")
parser.add_argument("--read")
parser.add_argument("--key", default="id")
parser.add_argument("--metadata")
parser.add_argument("--uri")
parser.add_argument("--table")
parser.add_argument("--property", action="append", default=[])
parser.add_argument("--filter", action="append", default=[])
args = parser.parse_args()
properties = dict(p.split("=", 1) for p in args.property)


def iceberg_table():
    from pyiceberg.catalog import load_catalog
    from pyiceberg.table import StaticTable

    if args.metadata:
        return StaticTable.from_metadata(args.metadata, properties)
    return load_catalog("test", uri=args.uri, type="rest", **properties).load_table(args.table)


def duckdb_table():
    import duckdb
    from duckdb_extensions import import_extension

    con = duckdb.connect()
    for extension in ("httpfs", "avro", "iceberg"):
        import_extension(extension)
        con.execute(f"LOAD {extension}")
    con.execute("SET TimeZone = 'UTC'")
    if "s3.endpoint" in properties:
        endpoint = properties["s3.endpoint"].removeprefix("http://")
        con.execute(
            f"CREATE SECRET s (TYPE s3, KEY_ID '{properties['s3.access-key-id']}', SECRET '{properties['s3.secret-access-key']}',"
            f" ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false, REGION '{properties.get('s3.region', 'us-east-1')}')"
        )
    if args.uri:
        con.execute(f"ATTACH '' AS cat (TYPE iceberg, ENDPOINT '{args.uri}', AUTHORIZATION_TYPE 'none')")
        relation = "cat." + ".".join(f'"{part}"' for part in args.table.split("."))
    else:
        relation = f"iceberg_scan('{args.metadata}')"
    result = con.execute(f"SELECT * FROM {relation}")
    return result.to_arrow_table() if hasattr(result, "to_arrow_table") else result.fetch_arrow_table()


def java_table(schema):
    """The rows that ReadTable.java printed, with the types of the source: its text has none of its own."""
    with open(args.read) as lines:
        rows = [json.loads(line) for line in lines][1:]
    if rows and sorted(rows[0]) != sorted(schema.names):
        return pa.table({name: [] for name in rows[0]})
    return pa.table([pa.array([of_java(row[f.name], f.type) for row in rows], f.type) for f in schema], schema=schema)


def of_java(value, kind):
    if value is None or pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return value
    if pa.types.is_integer(kind):
        return int(value)
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_decimal(kind):
        return decimal.Decimal(value)
    if pa.types.is_time(kind):
        return datetime.time.fromisoformat(value)
    if pa.types.is_temporal(kind):
        return pa.scalar(value).cast(kind).value
    if is_uuid(kind):
        return uuid.UUID(value).bytes
    if pa.types.is_struct(kind):
        return {f.name: of_java(value[f.name], f.type) for f in kind}
    if pa.types.is_map(kind):
        return [(of_java(k, kind.key_type), of_java(v, kind.item_type)) for k, v in value]
    if pa.types.is_list(kind):
        return [of_java(v, kind.value_type) for v in value]
    return bytes.fromhex(value)


def plain(value, kind):
    """A value as both sides agree to spell it: NaN equals NaN, -0.0 differs from 0.0, maps are pairs."""
    if value is None:
        return None
    if pa.types.is_floating(kind):
        return "nan" if value != value else float(value).hex()
    if pa.types.is_struct(kind):
        return [[f.name, plain(value[f.name], f.type)] for f in kind]
    if pa.types.is_map(kind):
        return sorted([plain(k, kind.key_type), plain(v, kind.item_type)] for k, v in value)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [plain(v, kind.value_type) for v in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return str(value).replace("-", "") if is_uuid(kind) else str(value)


def is_uuid(kind):
    return "uuid" in str(kind)


def base(kind):
    """The type's name without layouts that differ between engines but mean the same."""
    text = str(kind).replace("large_", "").replace("string_view", "string").replace("binary_view", "binary")
    if pa.types.is_map(kind):
        return f"map<{base(kind.key_type)},{base(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ",".join(f"{f.name}:{base(f.type)}" for f in kind) + ">"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{base(kind.value_type)}>"
    if is_uuid(kind):
        return "uuid"
    return text.replace("tz=Etc/UTC", "tz=UTC").replace("tz=+00:00", "tz=UTC")


def compare(source, read):
    differences = []
    source = source.sort_by(args.key)
    read = read.sort_by(args.key)
    if source.num_rows != read.num_rows:
        differences.append(f"rows: {source.num_rows} written, {read.num_rows} read")
    if source.column_names != read.column_names:
        differences.append(f"columns: {source.column_names} written, {read.column_names} read")
        return differences
    for name in source.column_names:
        written, kind = source.column(name), source.schema.field(name).type
        got, got_kind = read.column(name), read.schema.field(name).type
        same = {base(kind), "fixed_size_binary[16]" if is_uuid(kind) else base(kind)}
        if args.engine in ("duckdb", "spark"):  # their Arrow exports spell these two so
            same |= {"string"} if is_uuid(kind) else {"binary"} if pa.types.is_fixed_size_binary(kind) else set()
        if base(got_kind) not in same:
            differences.append(f"{name}: type {kind} written, {got_kind} read")
        if pa.types.is_timestamp(kind) and kind.unit == "ns":  # Python has no such times
            written, got, kind = written.cast(pa.int64()), got.cast(pa.timestamp("ns")).cast(pa.int64()), pa.int64()
        a = [plain(v, kind) for v in written.to_pylist()]
        b = [plain(v, kind) for v in got.to_pylist()]
        # PyIceberg 0.12 reads (and writes) a null list of structs as an empty one; the others see the null.
        lenient = args.engine not in ("duckdb", "spark", "java") and pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y and not (lenient and not x and not y):
                differences.append(f"{name}[{i}]: {x!r:.200} written, {y!r:.200} read")
                break
    return differences


answer = {}
source = None
if args.source:
    with pa.ipc.open_stream(args.source) as reader:
        source = reader.read_all()
if args.engine == "pyiceberg":
    table = iceberg_table()
    read = table.scan().to_arrow()
    answer["files"] = len(list(table.scan().plan_files()))
    answer["planned"] = {f: len(list(table.scan(row_filter=f).plan_files())) for f in args.filter}
    answer["matched"] = {f: table.scan(row_filter=f).to_arrow().num_rows for f in args.filter}
    answer["snapshots"] = len(table.snapshots())
elif args.engine == "duckdb":
    read = duckdb_table()
elif args.engine == "java":
    read = java_table(source.schema)
else:
    with pa.ipc.open_stream(args.read) as reader:
        read = reader.read_all()
answer["rows"] = read.num_rows
answer["types"] = {f.name: str(f.type) for f in read.schema}
if source is not None:
    answer["differences"] = compare(source.select(read.column_names) if args.engine == "spark" else source, read)
print(json.dumps(answer))
