import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.aws.s3.S3FileIO;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SeekableInputStream;
import org.apache.iceberg.util.JsonUtil;

/**
 * Writes, reads, lists and deletes files with the S3FileIO of Iceberg, and prints what it saw as JSON.
 *
 * Usage: UseS3FileIo ENDPOINT FOLDER ACCESS_KEY_ID SECRET_ACCESS_KEY
 */
public class UseS3FileIo {
  public static void main(String[] args) throws Exception {
    String folder = args[1];
    byte[] bytes = new byte[12 << 20];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (i % 251);
    try (S3FileIO io = new S3FileIO()) {
      io.initialize(
          Map.of(
              "s3.endpoint", args[0],
              "s3.access-key-id", args[2],
              "s3.secret-access-key", args[3],
              "s3.path-style-access", "true",
              "s3.checksum-enabled", "true",
              "s3.multipart.part-size-bytes", String.valueOf(5 << 20)));
      try (OutputStream out = io.newOutputFile(folder + "/large").createOrOverwrite()) {
        for (int at = 0; at < bytes.length; at += 1 << 20) out.write(bytes, at, 1 << 20);
      }
      try (OutputStream out = io.newOutputFile(folder + "/small +%20").create()) {
        out.write(bytes, 0, 10);
      }
      boolean same;
      try (SeekableInputStream in = io.newInputFile(folder + "/large").newStream()) {
        in.seek(7_000_000);
        same = Arrays.equals(in.readNBytes(3_000_000), Arrays.copyOfRange(bytes, 7_000_000, 10_000_000));
      }
      try (InputStream in = io.newInputFile(folder + "/large").newStream()) {
        same = same && Arrays.equals(in.readAllBytes(), bytes);
      }
      List<String> listed = new ArrayList<>();
      for (FileInfo file : io.listPrefix(folder + "/")) listed.add(file.location().substring(folder.length() + 1));
      long length = io.newInputFile(folder + "/large").getLength();
      io.deleteFiles(List.of(folder + "/large", folder + "/small +%20"));
      int left = 0;
      for (FileInfo file : io.listPrefix(folder + "/")) left++;
      System.out.println(
          JsonUtil.mapper()
              .writeValueAsString(Map.of("length", length, "same", same, "listed", listed, "left", left)));
    }
  }
}
