"""Reads and writes a lakehouse by its REST catalog, with PyIceberg and DuckDB: open_lakehouse.py URI TOKEN. Prints JSON."""

import json
import sys

import duckdb
import pyarrow as pa
from duckdb_extensions import import_extension
from pyiceberg.catalog import load_catalog

uri, token = sys.argv[1:]
catalog = load_catalog("demo", uri=uri, token=token)
flights = catalog.load_table("demo.flights")
catalog.create_namespace_if_not_exists("python")
made = catalog.create_table("python.made", schema=pa.schema([("a", pa.int64()), ("b", pa.string())]))
made.append(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}))

catalog.rename_table("python.made", "python.renamed")
renamed = catalog.load_table("python.renamed")
catalog.drop_table("python.renamed")
catalog.register_table("python.made", renamed.metadata_location)

engine = duckdb.connect()
for extension in ("httpfs", "avro", "iceberg"):
    import_extension(extension)
    engine.execute(f"LOAD {extension}")
for step in [
    f"CREATE SECRET lake (TYPE iceberg, TOKEN '{token}')",
    f"ATTACH 'lake' AS lake (TYPE iceberg, ENDPOINT '{uri}', SECRET lake)",
]:
    engine.execute(step)
engine.execute("CREATE TABLE lake.python.other (c BIGINT)")
engine.execute("CALL enable_logging('HTTP')")
for step in [
    "BEGIN",
    "INSERT INTO lake.python.made VALUES (4, 'w')",
    "INSERT INTO lake.python.other VALUES (5)",
    "COMMIT",
]:
    engine.execute(step)
posted = engine.execute("SELECT request.url FROM duckdb_logs_parsed('HTTP') WHERE request.type = 'POST'").fetchall()
busiest = "SELECT origin, count(*) FROM lake.demo.flights GROUP BY ALL ORDER BY 2 DESC LIMIT 1"
print(json.dumps({
    "first": flights.scan(limit=1).to_arrow().num_rows,
    "fromSfo": flights.scan(row_filter="origin == 'SFO'", selected_fields=("delay",)).to_arrow().num_rows,
    "tables": catalog.list_tables("python"),
    "made": catalog.load_table("python.made").scan().to_arrow().to_pylist(),
    "busiest": engine.execute(busiest).fetchall(),
    "commits": [url.removeprefix(uri) for (url,) in posted if "commit" in url or "/tables/" in url],
    "duckdbReadsMade": engine.execute("SELECT sum(a), (SELECT sum(c) FROM lake.python.other) FROM lake.python.made").fetchall(),
}, default=str))
