import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.hadoop.HadoopFileIO;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.JsonUtil;

/**
 * Reads a table with Iceberg's own Java library and prints JSON lines: first {"schema": …, "snapshotId": …}, then one
 * object a row. Values that JSON lacks (times, decimals, UUIDs, longs) are strings, binary is hex.
 *
 * Usage: ReadTable metadata FILE.metadata.json
 *        ReadTable rest NAMESPACE.TABLE KEY=VALUE…   (properties of the catalog: uri=…, s3.endpoint=…)
 */
public class ReadTable {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("metadata")) {
      HadoopFileIO io = new HadoopFileIO(new Configuration());
      print(new BaseTable(new StaticTableOperations(args[1], io), args[1]));
      return;
    }
    Map<String, String> properties = new HashMap<>();
    properties.put("io-impl", "org.apache.iceberg.aws.s3.S3FileIO");
    properties.put("s3.path-style-access", "true");
    for (int i = 2; i < args.length; i++) {
      int at = args[i].indexOf('=');
      properties.put(args[i].substring(0, at), args[i].substring(at + 1));
    }
    try (RESTCatalog catalog = new RESTCatalog()) {
      catalog.initialize("kit", properties);
      print(catalog.loadTable(TableIdentifier.parse(args[1])));
    }
  }

  private static void print(Table table) throws Exception {
    Map<String, Object> head = new HashMap<>();
    head.put("schema", table.schema().toString());
    head.put("snapshotId", table.currentSnapshot() == null ? null : Long.toString(table.currentSnapshot().snapshotId()));
    System.out.println(JsonUtil.mapper().writeValueAsString(head));
    try (CloseableIterable<org.apache.iceberg.data.Record> rows = IcebergGenerics.read(table).build()) {
      for (org.apache.iceberg.data.Record row : rows) {
        System.out.println(JsonUtil.mapper().writeValueAsString(plain(row)));
      }
    }
  }

  private static Object plain(Object value) {
    if (value == null || value instanceof Boolean || value instanceof Integer || value instanceof String) return value;
    if (value instanceof org.apache.iceberg.data.Record record) {
      Map<String, Object> out = new HashMap<>();
      List<Types.NestedField> fields = record.struct().fields();
      for (int i = 0; i < fields.size(); i++) out.put(fields.get(i).name(), plain(record.get(i)));
      return out;
    }
    if (value instanceof List<?> list) {
      List<Object> out = new ArrayList<>();
      for (Object element : list) out.add(plain(element));
      return out;
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream().map(e -> pair(e.getKey(), e.getValue())).collect(Collectors.toList());
    }
    if (value instanceof ByteBuffer buffer) return hex(buffer.duplicate());
    if (value instanceof byte[] bytes) return hex(ByteBuffer.wrap(bytes));
    return value.toString();
  }

  private static List<Object> pair(Object key, Object value) {
    List<Object> out = new ArrayList<>();
    out.add(plain(key));
    out.add(plain(value));
    return out;
  }

  private static String hex(ByteBuffer buffer) {
    StringBuilder out = new StringBuilder();
    while (buffer.hasRemaining()) out.append(String.format("%02x", buffer.get()));
    return out.toString();
  }
}
