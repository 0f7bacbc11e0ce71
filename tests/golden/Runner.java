import io.debezium.embedded.Connect;
import io.debezium.engine.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.*;

/**
 * Runs Debezium's embedded engine for one case after another.
 *
 * Standard input: "start PROPERTIES-FILE EVENTS-FILE", then "stop" (answered by "stopped"), and so on.
 * Each record is one JSON line of the events file: topic, partition, key, value, and headers as
 * [name, as JsonConverter writes it, as SimpleHeaderConverter writes it]; keys and values are the very text that
 * Connect's JsonConverter writes. An engine that ends with an error adds {"failure": message}.
 */
public class Runner {
  final PrintWriter out;
  final JsonConverter keys = new JsonConverter();
  final JsonConverter values = new JsonConverter();
  final JsonConverter headers = new JsonConverter();
  final SimpleHeaderConverter simple = new SimpleHeaderConverter();
  final DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine;
  final ExecutorService thread = Executors.newSingleThreadExecutor();

  Runner(Properties config, String events) throws IOException {
    out = new PrintWriter(Files.newBufferedWriter(Path.of(events)), true);
    keys.configure(settings(config, "key.converter."), true);
    values.configure(settings(config, "value.converter."), false);
    headers.configure(Map.of("schemas.enable", "false", "converter.type", "header"));
    engine = DebeziumEngine.create(Connect.class).using(config).notifying(e -> write(e.value()))
        .using((ok, message, error) -> { if (!ok) out.println("{\"failure\":" + quote(message + " " + rootOf(error)) + "}"); })
        .build();
    thread.execute(engine);
  }

  static Map<String, Object> settings(Properties config, String prefix) {
    Map<String, Object> found = new HashMap<>();
    config.forEach((k, v) -> { if (k.toString().startsWith(prefix)) found.put(k.toString().substring(prefix.length()), v); });
    return found;
  }

  static Throwable rootOf(Throwable error) {
    while (error != null && error.getCause() != null) error = error.getCause();
    return error;
  }

  void write(SourceRecord r) {
    StringJoiner h = new StringJoiner(",", "[", "]");
    for (Header x : r.headers())
      h.add("[" + quote(x.key()) + "," + quote(text(headers.fromConnectHeader(r.topic(), x.key(), x.schema(), x.value())))
          + "," + quote(text(simple.fromConnectHeader(r.topic(), x.key(), x.schema(), x.value()))) + "]");
    out.println("{\"topic\":" + quote(r.topic()) + ",\"partition\":" + r.kafkaPartition()
        + ",\"key\":" + quote(text(convert(keys, r.topic(), r.keySchema(), r.key())))
        + ",\"value\":" + quote(text(convert(values, r.topic(), r.valueSchema(), r.value()))) + ",\"headers\":" + h + "}");
  }

  static byte[] convert(Converter c, String topic, Schema schema, Object value) {
    return c.fromConnectData(topic, schema, value);
  }

  static String text(byte[] b) { return b == null ? null : new String(b, StandardCharsets.UTF_8); }

  static String quote(String s) {
    if (s == null) return "null";
    StringBuilder b = new StringBuilder("\"");
    for (char c : s.toCharArray()) {
      if (c == '"' || c == '\\') b.append('\\').append(c);
      else if (c < 0x20 || c == 0x2028 || c == 0x2029 || c == 0x85 || Character.isSurrogate(c)) b.append(String.format("\\u%04x", (int) c));
      else b.append(c);
    }
    return b.append('"').toString();
  }

  void stop() throws Exception {
    try { engine.close(); } catch (IllegalStateException endedByItself) { }
    thread.shutdown();
    thread.awaitTermination(30, TimeUnit.SECONDS);
    out.close();
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    Runner running = null;
    for (String line; (line = in.readLine()) != null; ) {
      String[] words = line.split(" ");
      if (words[0].equals("start")) {
        Properties config = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(words[1]))) { config.load(reader); }
        running = new Runner(config, words[2]);
      } else {
        running.stop();
        System.out.println("stopped");
      }
    }
    System.exit(0);
  }
}
