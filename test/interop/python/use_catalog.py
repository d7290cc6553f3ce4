"""Works with a REST catalog as people do, and prints one JSON object of what it saw.

use_catalog.py pyiceberg|duckdb URI TOKEN NAMESPACE

Both reach the files with the credentials the catalog vends. PyIceberg makes `NAMESPACE.orders`: creates, appends,
adds a column, appends, deletes, reads back. DuckDB makes `NAMESPACE.places`, and reads and appends to `orders`.
"""

import datetime
import json
import sys

engine, uri, token, namespace = sys.argv[1:]


def pyiceberg():
    import pyarrow as pa
    from pyiceberg.catalog import load_catalog
    from pyiceberg.exceptions import NamespaceNotEmptyError, NoSuchTableError, TableAlreadyExistsError
    from pyiceberg.types import LongType

    catalog = load_catalog("lake", type="rest", uri=uri, token=token)
    catalog.create_namespace(namespace, {"owner": "pyiceberg"})
    rows = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "day": [datetime.date(2026, 11, 20 + i) for i in range(3)],
            "name": ["a", None, "ü"],
        }
    )
    table = catalog.create_table((namespace, "orders"), rows.schema)
    with table.update_spec() as update:
        update.add_field("day", "day", "day_day")
    table.append(rows)
    with table.update_schema() as update:
        update.add_column("amount", LongType())
    more = rows.append_column("amount", pa.array([2**62, 7, None], pa.int64()))
    table.append(more)
    table.delete("id = 2")
    with table.manage_snapshots() as manage:
        manage.create_tag(table.current_snapshot().snapshot_id, "checked")
    # A writer that does not know of the newest commit is told so, and tries again.
    stale = catalog.load_table((namespace, "orders"))
    table.append(more)
    stale.append(more)
    owner = catalog.load_namespace_properties(namespace)["owner"]
    catalog.update_namespace_properties(namespace, updates={"owner": "me", "purpose": "test"})
    with catalog.create_table_transaction((namespace, "made"), rows.schema) as transaction:
        transaction.append(rows)
    refused = {}
    for name, call in {
        "create": lambda: catalog.create_table((namespace, "orders"), rows.schema),
        "load": lambda: catalog.load_table((namespace, "missing")),
        "drop": lambda: catalog.drop_namespace(namespace),
        "rename": lambda: catalog.rename_table((namespace, "orders"), (namespace, "other")),
    }.items():
        try:
            call()
        except (NamespaceNotEmptyError, NoSuchTableError, TableAlreadyExistsError) as error:
            refused[name] = type(error).__name__
        except Exception as error:  # noqa: BLE001
            refused[name] = f"{type(error).__name__}: {error}"[:200]
    read = catalog.load_table((namespace, "orders"))
    seen = sorted(read.scan().to_arrow().to_pylist(), key=lambda row: (row["id"], row["amount"] or 0))
    return {
        "owner": owner,
        "properties": catalog.load_namespace_properties(namespace),
        "tables": sorted(name for _, name in catalog.list_tables(namespace)),
        "exists": [catalog.table_exists((namespace, "orders")), catalog.table_exists((namespace, "missing"))],
        "namespaces": [catalog.namespace_exists(namespace), catalog.namespace_exists("missing")],
        "ids": [row["id"] for row in seen],
        "amounts": sorted(str(row["amount"]) for row in seen if row["amount"] is not None),
        "snapshots": len(read.snapshots()),
        "tag": "checked" in read.refs(),
        "made": catalog.load_table((namespace, "made")).scan().to_arrow().num_rows,
        "refused": refused,
    }


def duckdb():
    import duckdb
    from duckdb_extensions import import_extension

    con = duckdb.connect()
    for extension in ("httpfs", "avro", "iceberg"):
        import_extension(extension)
        con.execute(f"LOAD {extension}")
    con.execute(f"CREATE SECRET lake_token (TYPE iceberg, TOKEN '{token}')")
    con.execute(f"ATTACH 'lakehouse' AS lake (TYPE iceberg, ENDPOINT '{uri}', SECRET lake_token)")
    listed = con.execute(f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{namespace}'").fetchall()
    tables = sorted(row[0] for row in listed)
    before = con.execute(f"SELECT count(*), max(amount)::VARCHAR FROM lake.{namespace}.orders").fetchone()
    con.execute(f"INSERT INTO lake.{namespace}.orders VALUES (100, DATE '2026-11-25', 'duck', 5)")
    con.execute(f"CREATE TABLE lake.{namespace}.places (id BIGINT, name VARCHAR)")
    con.execute(f"INSERT INTO lake.{namespace}.places VALUES (1, 'here'), (2, 'there')")
    con.execute(f"DELETE FROM lake.{namespace}.places WHERE id = 1")
    con.execute(f"CREATE SCHEMA lake.{namespace}_two")
    con.execute(f"DROP SCHEMA lake.{namespace}_two")
    return {
        "tables": tables,
        "before": before,
        "after": con.execute(f"SELECT count(*) FROM lake.{namespace}.orders").fetchone()[0],
        "places": con.execute(f"SELECT * FROM lake.{namespace}.places").fetchall(),
    }


print(json.dumps({"pyiceberg": pyiceberg, "duckdb": duckdb}[engine]()))
