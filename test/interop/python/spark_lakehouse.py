"""Reads and writes a lakehouse by its REST catalog, with Spark: spark_lakehouse.py URI TOKEN JARS FOLDER. Prints JSON.

Knows only the catalog's address and a token: the files are reached with credentials that the catalog vends, by Iceberg's
own S3FileIO. What it reads of `spark.types_v2` and `_v3` goes to FOLDER as Arrow streams.
"""

import json
import sys

import pyarrow as pa
from pyspark.sql import SparkSession

uri, token, jars, folder = sys.argv[1:]
settings = {
    "spark.jars": jars,
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.lake.type": "rest",
    "spark.sql.catalog.lake.uri": uri,
    "spark.sql.catalog.lake.token": token,
    "spark.sql.catalog.lake.header.X-Iceberg-Access-Delegation": "vended-credentials",
    "spark.sql.defaultCatalog": "lake",
}
builder = SparkSession.builder.master("local[2]")
for key, value in settings.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")


def rows(text):
    return [list(row) for row in spark.sql(text).collect()]


def vectorised(frame):
    """Whether Iceberg hands whole columns to Spark, which it does for columns that are not nested."""
    return "ColumnarToRow" in frame._jdf.queryExecution().executedPlan().toString()


def read_types(table):
    frame = spark.table(table)
    flat = [field.name for field in frame.schema if field.dataType.simpleString().split("<")[0] not in ("array", "map", "struct")]
    columns = frame.select(flat)
    for name, part in {"flat": columns, "all": frame}.items():
        # Not toArrow(), which fails on a null struct whose fields are required.
        read = pa.Table.from_batches(part._collect_as_arrow())
        with pa.ipc.new_stream(f"{folder}/{table}_{name}.arrows", read.schema) as writer:
            writer.write_table(read)
    return vectorised(columns)


answer = {
    "flights": rows("SELECT count(*), count(DISTINCT destination), min(date) FROM demo.flights")[0],
    "busiest": rows("SELECT origin, count(*) FROM demo.flights GROUP BY ALL ORDER BY 2 DESC LIMIT 2"),
    "inJanuary": rows("SELECT count(*) FROM demo.flights WHERE date >= '2001-01-01' AND date < '2001-02-01'")[0][0],
}
spark.sql("CREATE TABLE spark.made (id BIGINT, day DATE, name STRING, price DECIMAL(9, 2)) USING iceberg PARTITIONED BY (days(day))")
spark.sql("INSERT INTO spark.made VALUES (1, DATE'2026-11-20', 'a', 1.50), (2, DATE'2026-11-21', NULL, 2.25), (3, DATE'2026-11-21', 'ü', NULL)")
spark.sql("ALTER TABLE spark.made ADD COLUMN note STRING")
spark.sql("ALTER TABLE spark.made SET TBLPROPERTIES ('purpose' = 'test')")
spark.sql("UPDATE spark.made SET note = 'new' WHERE id = 2")
spark.sql("DELETE FROM spark.made WHERE id = 1")
spark.sql("INSERT INTO spark.shared VALUES (100, 'spark')")
spark.sql("CREATE TABLE spark.copied USING iceberg TBLPROPERTIES ('format-version' = '3') AS SELECT state, count(*) AS airports FROM demo.airports GROUP BY ALL")
spark.sql("CREATE TABLE spark.dropped (id BIGINT) USING iceberg")
spark.sql("DROP TABLE spark.dropped")
answer["made"] = rows("SELECT * FROM spark.made ORDER BY id")
answer["shared"] = rows("SELECT * FROM spark.shared ORDER BY id")
answer["tables"] = sorted(row[1] for row in rows("SHOW TABLES IN spark"))
answer["rowIds"] = rows("SELECT count(DISTINCT _row_id) FROM spark.types_v3")[0][0]
answer["vectorised"] = [read_types("spark.types_v2"), read_types("spark.types_v3")]
spark.stop()
print(json.dumps(answer, default=str))
