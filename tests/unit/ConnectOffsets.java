import java.io.*; import java.util.*;
/** Wrote connect.offsets, as a standalone Connect worker writes offset.storage.file.filename. */
public class ConnectOffsets { public static void main(String[] a) throws Exception {
 Map<byte[],byte[]> m = new HashMap<>();
 m.put("[\"pg\",{\"server\":\"server1\"}]".getBytes("UTF-8"), "{\"lsn\":24023128,\"txId\":771,\"ts_usec\":1700000000000000}".getBytes("UTF-8"));
 m.put("[\"my\",{\"server\":\"s2\"}]".getBytes("UTF-8"), "{\"file\":\"binlog.000003\",\"pos\":154}".getBytes("UTF-8"));
 byte[] same = "same".getBytes("UTF-8"); m.put(same, same);
 m.put("[\"gone\",{\"server\":\"s3\"}]".getBytes("UTF-8"), null);
 for (int i = 0; i < 20; i++) m.put(("k" + i).getBytes("UTF-8"), ("v" + i).getBytes("UTF-8"));
 try (ObjectOutputStream o = new ObjectOutputStream(new FileOutputStream("connect.offsets"))) { o.writeObject(m); }
}}
