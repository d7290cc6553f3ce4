"""Opens a table that no catalog knows, by its folder: what PyIceberg and DuckDB see of it.

open_by_path.py LOCATION [k=v ...]: prints one JSON object, an error of either as its text.
"""

import json
import sys

location, *pairs = sys.argv[1:]
properties = dict(pair.split("=", 1) for pair in pairs)


def pyiceberg():
    from pyiceberg.table import StaticTable

    table = StaticTable.from_metadata(location, properties)
    return {
        "uuid": str(table.metadata.table_uuid),
        "properties": table.properties,
        "columns": [field.name for field in table.schema().fields],
        "rows": table.scan().to_arrow().num_rows,
    }


def duckdb():
    import duckdb
    from duckdb_extensions import import_extension

    con = duckdb.connect()
    for extension in ("httpfs", "avro", "iceberg"):
        import_extension(extension)
        con.execute(f"LOAD {extension}")
    if "s3.endpoint" in properties:
        con.execute(
            f"CREATE SECRET s (TYPE s3, KEY_ID '{properties['s3.access-key-id']}',"
            f" SECRET '{properties['s3.secret-access-key']}', ENDPOINT '{properties['s3.endpoint'].removeprefix('http://')}',"
            " URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')"
        )
    codec = f", metadata_compression_codec = '{properties['duckdb.codec']}'" if "duckdb.codec" in properties else ""
    result = con.execute(f"SELECT * FROM iceberg_scan('{location.removeprefix('file://')}'{codec})")
    return {"columns": [column[0] for column in result.description], "rows": len(result.fetchall())}


def attempt(read):
    try:
        return read()
    except Exception as error:  # noqa: BLE001
        return str(error)


print(json.dumps({"pyiceberg": attempt(pyiceberg), "duckdb": attempt(duckdb)}))
