import com.fasterxml.jackson.databind.*;
import io.debezium.document.ArrayWriter;
import io.debezium.relational.*;
import io.debezium.relational.Tables.TableFilter;
import io.debezium.relational.ddl.*;
import io.debezium.relational.history.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

/**
 * Debezium's DDL parser, statement by statement, with comments kept.
 *
 * Arguments: class of the parser, class of its charset registry. Standard input: one JSON object a line,
 * {"reset": bool, "database": name, "sql": text}; reset begins with no tables. Standard output: one line each,
 * {"changes": [[type, table, previous table or null]…], "tables": [JsonTableChangeSerializer's]} or {"error": text}.
 */
public class Oracle {
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Object charsets = Class.forName(arguments[1]).getConstructor().newInstance();
    Class<?> registry = Class.forName("io.debezium.connector.binlog.charset.BinlogCharsetRegistry");
    AbstractDdlParser parser = null;
    Tables tables = null;
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      JsonNode request = JSON.readTree(line);
      if (request.get("reset").asBoolean()) {
        parser = (AbstractDdlParser) Class.forName(arguments[0])
            .getConstructor(boolean.class, boolean.class, boolean.class, TableFilter.class, registry)
            .newInstance(true, false, true, TableFilter.includeAll(), charsets);
        tables = new Tables();
      }
      parser.setCurrentSchema(request.get("database").asText());
      out.println(answer(parser, tables, request.get("sql").asText()));
    }
  }

  static String answer(AbstractDdlParser parser, Tables tables, String sql) throws Exception {
    DdlChanges changes;
    try {
      parser.getAndResetDdlChanges();
      changes = parser.parse(sql, tables);
    } catch (Exception e) {
      return "{\"error\":" + JSON.writeValueAsString(String.valueOf(e.getMessage()).lines().findFirst().orElse("")) + "}";
    }
    List<List<String>> events = new ArrayList<>();
    TableChanges written = new TableChanges();
    changes.getEventsByDatabase((database, list) -> {
      for (DdlParserListener.Event event : list) {
        if (!(event instanceof DdlParserListener.TableEvent e)) continue;
        TableId previous = event instanceof DdlParserListener.TableAlteredEvent a ? a.previousTableId() : null;
        events.add(Arrays.asList(event.type().name(), e.tableId().toString(), previous == null ? null : previous.toString()));
        Table table = tables.forTable(e.tableId());
        if (table != null) written.create(table);
      }
    });
    String json = ArrayWriter.defaultWriter().write(new JsonTableChangeSerializer().serialize(written));
    return "{\"changes\":" + JSON.writeValueAsString(events) + ",\"tables\":" + json + "}";
  }
}
