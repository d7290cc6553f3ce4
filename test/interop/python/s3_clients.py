"""Uses an S3 bucket as users of boto3, PyArrow or DuckDB do, and prints what was seen, one JSON object.

s3_clients.py boto3|pyarrow|duckdb ENDPOINT REGION BUCKET ACCESS_KEY_ID SECRET_ACCESS_KEY
"""

import gzip
import hashlib
import io
import json
import os
import sys
import urllib.request

which, endpoint, region, bucket, access_key, secret = sys.argv[1:]
MIB = 1 << 20
LARGE = bytes(range(251)) * (20 * MIB // 251)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def use_boto3():
    import boto3
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from botocore.exceptions import ClientError
    from botocore.handlers import add_expect_header

    def client(**keys):
        style = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1})
        made = boto3.client("s3", endpoint_url=endpoint, region_name=region, config=style, **keys)
        # workerd itself answers no "Expect: 100-continue": boto3 would wait a second before the body of each put.
        made.meta.events.unregister("before-call.s3", add_expect_header)
        return made

    def code_of(call, **arguments):
        try:
            call(**arguments)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    s3 = client(aws_access_key_id=access_key, aws_secret_access_key=secret)
    seen = {}
    folder = "boto3/"
    odd = [folder + name for name in ["a b", "a+b", "100%", "a%2Fb", "ünïcode-日本", "q'\"&<>", "x=1/y:2,(3)!*~@$", "tab;a?b#c"]]
    for key in odd:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), ContentType="text/plain", Metadata={"name": "kept"})
    listed = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]]
    seen["odd keys"] = sorted(listed) == sorted(odd) and all(
        s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode() for key in odd
    )
    head = s3.head_object(Bucket=bucket, Key=odd[0])
    seen["head"] = [head["ContentLength"], head["ContentType"], head["Metadata"]]
    seen["range"] = s3.get_object(Bucket=bucket, Key=odd[0], Range="bytes=-3")["Body"].read().decode()
    seen["checksums"] = {
        algorithm: s3.put_object(Bucket=bucket, Key=folder + "sum", Body=b"x" * 70000, ChecksumAlgorithm=algorithm)[
            "Checksum" + algorithm
        ]
        for algorithm in ["CRC32", "SHA1", "SHA256"]
    }
    seen["create again"] = code_of(s3.put_object, Bucket=bucket, Key=odd[0], Body=b"", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key=odd[0], Body=b"new", IfMatch=head["ETag"])
    seen["replace stale"] = code_of(s3.put_object, Bucket=bucket, Key=odd[0], Body=b"", IfMatch=head["ETag"])

    packed = gzip.compress(b"kept as it was sent " * 1000)
    s3.put_object(Bucket=bucket, Key=folder + "packed", Body=packed, ContentEncoding="gzip")

    def accept(encodings):
        def add(request, **_):
            request.headers["Accept-Encoding"] = encodings

        return add

    # botocore sends identity and leaves it unsigned; AWS' SDK for Go signs it
    for encodings in ["identity", "gzip"]:
        signing = client(aws_access_key_id=access_key, aws_secret_access_key=secret)
        signing.meta.events.register("before-sign.s3", accept(encodings))
        whole = signing.get_object(Bucket=bucket, Key=folder + "packed")
        part = signing.get_object(Bucket=bucket, Key=folder + "packed", Range="bytes=2-9")
        seen["packed, accepting " + encodings] = [
            whole["Body"].read() == packed,
            whole["ContentLength"] == len(packed),
            whole["ContentEncoding"],
            part["Body"].read() == packed[2:10],
        ]

    transfer = TransferConfig(multipart_threshold=6 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(LARGE), bucket, folder + "large", Config=transfer)
    back = io.BytesIO()
    s3.download_fileobj(bucket, folder + "large", back, Config=transfer)
    seen["large"] = digest(back.getvalue()) == digest(LARGE)
    s3.put_object(Bucket=bucket, Key=folder + "large at once", Body=LARGE)
    seen["large at once"] = digest(s3.get_object(Bucket=bucket, Key=folder + "large at once")["Body"].read()) == digest(LARGE)
    s3.copy({"Bucket": bucket, "Key": folder + "large"}, bucket, folder + "copied in parts", Config=transfer)
    s3.copy_object(Bucket=bucket, Key=folder + "copied+", CopySource={"Bucket": bucket, "Key": folder + "a+b"})
    seen["copies"] = [
        digest(s3.get_object(Bucket=bucket, Key=folder + "copied in parts")["Body"].read()) == digest(LARGE),
        s3.get_object(Bucket=bucket, Key=folder + "copied+")["Body"].read().decode(),
    ]

    upload = s3.create_multipart_upload(Bucket=bucket, Key=folder + "open")["UploadId"]
    s3.upload_part(Bucket=bucket, Key=folder + "open", UploadId=upload, PartNumber=2, Body=b"y" * 100)
    uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix=folder)["Uploads"]
    parts = s3.list_parts(Bucket=bucket, Key=folder + "open", UploadId=upload)["Parts"]
    seen["open uploads"] = [[one["Key"] for one in uploads], [[part["PartNumber"], part["Size"]] for part in parts]]
    s3.abort_multipart_upload(Bucket=bucket, Key=folder + "open", UploadId=upload)
    seen["left open"] = s3.list_multipart_uploads(Bucket=bucket, Prefix=folder).get("Uploads", [])
    seen["part of no upload"] = code_of(
        s3.upload_part, Bucket=bucket, Key=folder + "open", UploadId=upload, PartNumber=1, Body=b"y"
    )

    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 3}
    )
    seen["folders"] = folder in [prefix["Prefix"] for page in pages for prefix in page.get("CommonPrefixes", [])]
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder, PaginationConfig={"PageSize": 3}))
    seen["pages"] = sorted(found["Key"] for page in pages for found in page["Contents"]) == sorted(
        found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]
    ) and len(pages) > 3
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": folder + "a+b"}, ExpiresIn=60)
    seen["presigned get"] = urllib.request.urlopen(url).read().decode()
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": folder + "presigned"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT", headers={"Content-Type": ""}))
    seen["presigned put"] = s3.get_object(Bucket=bucket, Key=folder + "presigned")["Body"].read().decode()

    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]]
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in [*keys, folder + "never"]]})
    seen["deleted"] = [len(deleted["Deleted"]) == len(keys) + 1, deleted.get("Errors", [])]
    seen["left"] = s3.list_objects_v2(Bucket=bucket, Prefix=folder)["KeyCount"]
    seen["buckets"] = [found["Name"] for found in s3.list_buckets()["Buckets"]]
    seen["location"] = s3.get_bucket_location(Bucket=bucket)["LocationConstraint"]
    seen["errors"] = {
        "no key": code_of(s3.get_object, Bucket=bucket, Key="not there"),
        "no bucket": code_of(s3.list_objects_v2, Bucket="not-there"),
        "wrong secret": code_of(
            client(aws_access_key_id=access_key, aws_secret_access_key="wrong").list_objects_v2, Bucket=bucket
        ),
        "unknown key": code_of(
            client(aws_access_key_id="nobody", aws_secret_access_key="wrong").list_objects_v2, Bucket=bucket
        ),
        "tags": code_of(s3.get_object_tagging, Bucket=bucket, Key="x"),
        "dots": code_of(s3.put_object, Bucket=bucket, Key="a/../b", Body=b""),
    }
    return seen


def use_pyarrow():
    import pyarrow as pa
    import pyarrow.fs as fs
    import pyarrow.parquet as pq

    s3 = fs.S3FileSystem(
        access_key=access_key, secret_key=secret, endpoint_override=endpoint.removeprefix("http://"), scheme="http", region=region
    )
    table = pa.table({"id": range(100_000), "name": [f"row {i}" for i in range(100_000)]})
    path = f"{bucket}/pyarrow/day=1 + 2/rows.parquet"
    pq.write_table(table, path, filesystem=s3)
    with s3.open_output_stream(f"{bucket}/pyarrow/large") as out:
        for at in range(0, len(LARGE), 3_000_000):
            out.write(LARGE[at : at + 3_000_000])
    with s3.open_input_stream(f"{bucket}/pyarrow/large") as read:
        large = read.read()
    s3.copy_file(f"{bucket}/pyarrow/large", f"{bucket}/pyarrow/copy")
    s3.move(f"{bucket}/pyarrow/copy", f"{bucket}/pyarrow/moved")
    found = s3.get_file_info(fs.FileSelector(f"{bucket}/pyarrow", recursive=True))
    files = sorted(info.path.removeprefix(bucket) for info in found if info.is_file)
    rows = pq.read_table(path, filesystem=s3).equals(table)
    s3.delete_dir(f"{bucket}/pyarrow")
    gone = s3.get_file_info(f"{bucket}/pyarrow").type == fs.FileType.NotFound
    return {"rows": rows, "large": digest(large) == digest(LARGE), "files": files, "gone": gone}


def use_duckdb():
    import duckdb
    from duckdb_extensions import import_extension

    con = duckdb.connect()
    import_extension("httpfs")
    con.execute("LOAD httpfs")
    con.execute(
        f"CREATE SECRET s (TYPE s3, KEY_ID '{access_key}', SECRET '{secret}', REGION '{region}',"
        f" ENDPOINT '{endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)"
    )
    base = f"s3://{bucket}/duckdb"
    con.execute(f"COPY (SELECT range AS id, range % 3 AS part FROM range(300000)) TO '{base}/by part' (FORMAT parquet, PARTITION_BY (part))")
    con.execute(f"COPY (SELECT uuid() AS id FROM range(900000)) TO '{base}/large.parquet'")
    return {
        "partitions": con.execute(f"SELECT part, count(*), sum(id)::BIGINT FROM '{base}/by part/*/*.parquet' GROUP BY part ORDER BY part").fetchall(),
        "large": con.execute(f"SELECT count(DISTINCT id) FROM '{base}/large.parquet'").fetchone()[0],
        "files": sorted(name.removeprefix(base) for (name,) in con.execute(f"SELECT file FROM glob('{base}/**')").fetchall()),
    }


os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
print(json.dumps({"boto3": use_boto3, "pyarrow": use_pyarrow, "duckdb": use_duckdb}[which]()))
