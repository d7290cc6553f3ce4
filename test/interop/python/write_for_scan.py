"""Writes tables with PyIceberg, and what it reads back of each: write_for_scan.py SOURCE FOLDER --uri URI [--property k=v ...].

SOURCE is an Arrow stream of make_types.py. For each table FOLDER/<name>.arrows holds its rows as PyIceberg sees them;
prints the names as JSON.
"""

import argparse
import json
import os

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.transforms import BucketTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import DecimalType, DoubleType, LongType, StringType

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("folder")
parser.add_argument("--uri")
parser.add_argument("--property", action="append", default=[])
args = parser.parse_args()
properties = dict(p.split("=", 1) for p in args.property)
# versitygw answers some of PyArrow's own uploads with 400.
catalog = load_catalog("test", uri=args.uri, type="rest", **{"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"}, **properties)
catalog.create_namespace_if_not_exists("theirs")
with pa.ipc.open_stream(args.source) as reader:
    source = reader.read_all()
# PyIceberg's partitioned writer does not take every type.
flat = source.select([f.name for f in source.schema if not pa.types.is_nested(f.type) and "uuid" not in str(f.type)])


def create(name, rows, **properties):
    return catalog.create_table(f"theirs.{name}", rows.schema, properties={"format-version": "2", **properties})


def types():
    table = create("types", source, **{"write.parquet.row-group-limit": "500"})
    table.append(source)
    return table


def partitioned():
    table = create("partitioned", flat)
    with table.update_spec() as spec:
        spec.add_field("flag", IdentityTransform())
        spec.add_field("id", BucketTransform(2))
    table.append(flat.slice(0, 200))
    with table.update_spec() as spec:
        spec.remove_field("id_bucket_2")
        spec.add_field("id", TruncateTransform(400))
    table.append(flat.slice(200))
    return table


def evolved():
    table = create("evolved", source)
    table.append(source.slice(0, 100))
    with table.update_schema() as update:
        update.rename_column("name", "label")
        update.delete_column("raw")
        update.add_column("raw", LongType())
        update.update_column("small", LongType())
        update.update_column("single", DoubleType())
        update.update_column("dec9", DecimalType(18, 2))
        update.add_column(("point", "note"), StringType())
        update.rename_column("point.label", "text")
        update.move_first("tags")
        update.move_after("flag", "tags")
    table.append(changed(table, source.slice(100, 150)))
    with table.update_schema() as update:
        update.rename_column("ts", "swap")
        update.rename_column("day", "other")
    with table.update_schema() as update:
        update.rename_column("swap", "day")
        update.rename_column("other", "ts")
    return table


def changed(table, rows):
    """Rows under the evolved schema: the same values, the new column filled."""
    target = table.schema().as_arrow()
    names = {"label": "name"}
    columns = []
    for field in target:
        if field.name == "raw":
            columns.append(pa.array(range(len(rows)), pa.int64()))
            continue
        column = rows.column(names.get(field.name, field.name)).combine_chunks()
        if field.name == "point":
            points = [None if p is None else {"x": p["x"], "text": p["label"], "note": "new"} for p in column.to_pylist()]
            column = pa.array(points, field.type)
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=target)


def deleted():
    table = create("deleted", flat)
    table.append(flat.slice(0, 300))
    table.append(flat.slice(300))
    table.delete("id < 50 or id >= 1000")
    table.overwrite(flat.slice(0, 7), overwrite_filter="id >= 400 and id < 500")
    return table


written = []
for make in (types, partitioned, evolved, deleted):
    rows = make().scan().to_arrow()
    with pa.ipc.new_stream(os.path.join(args.folder, f"{make.__name__}.arrows"), rows.schema) as writer:
        writer.write_table(rows)
    written.append({"table": f"theirs.{make.__name__}", "rows": rows.num_rows})
print(json.dumps(written))
