import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.util.JsonUtil;

/**
 * Writes files of a table before and after the keys that came with it have ended, commits, and prints what it saw as JSON.
 *
 * Usage: OutlastKeys NAMESPACE.TABLE WAIT_MS KEY=VALUE…   (properties of the catalog)
 */
public class OutlastKeys {
  public static void main(String[] args) throws Exception {
    Map<String, String> properties = new HashMap<>();
    properties.put("io-impl", "org.apache.iceberg.aws.s3.S3FileIO");
    for (int i = 2; i < args.length; i++) {
      int at = args[i].indexOf('=');
      properties.put(args[i].substring(0, at), args[i].substring(at + 1));
    }
    try (RESTCatalog catalog = new RESTCatalog()) {
      catalog.initialize("kit", properties);
      Table table = catalog.loadTable(TableIdentifier.parse(args[0]));
      write(table, "before");
      Thread.sleep(Long.parseLong(args[1]));
      write(table, "after");
      String after = table.location() + "/data/after";
      // Metadata only: the commit writes manifests with the same keys.
      table
          .newAppend()
          .appendFile(
              DataFiles.builder(table.spec()).withPath(after + ".parquet").withFileSizeInBytes(5).withRecordCount(1).build())
          .commit();
      long length = table.io().newInputFile(after).getLength();
      Map<String, Object> seen = Map.of("length", length, "committed", table.currentSnapshot() != null);
      System.out.println(JsonUtil.mapper().writeValueAsString(seen));
    }
  }

  private static void write(Table table, String name) throws Exception {
    try (OutputStream out = table.io().newOutputFile(table.location() + "/data/" + name).createOrOverwrite()) {
      out.write(name.getBytes());
    }
  }
}
