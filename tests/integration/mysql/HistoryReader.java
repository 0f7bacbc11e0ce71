import io.debezium.document.*;
import io.debezium.relational.history.*;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;

/** Reads a file of history records as Debezium does, and prints what it understood, one table change a line. */
public class HistoryReader {
  public static void main(String[] arguments) throws Exception {
    JsonTableChangeSerializer serializer = new JsonTableChangeSerializer();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line : Files.readAllLines(Paths.get(arguments[0]))) {
      HistoryRecord record = new HistoryRecord(DocumentReader.defaultReader().read(line));
      if (!record.isValid()) throw new IllegalStateException(line);
      TableChanges changes = serializer.deserialize(record.document().getArray("tableChanges"), true);
      out.println(DocumentWriter.defaultWriter().write(Document.create("ddl", record.document().getString("ddl"))));
      for (TableChanges.TableChange change : changes) {
        if (change.getTable() == null || change.getType() == TableChanges.TableChangeType.DROP)
          out.println(DocumentWriter.defaultWriter().write(Document.create("gone", change.getId().toString())));
        else
          out.println(DocumentWriter.defaultWriter().write(serializer.toDocument(change)));
      }
    }
  }
}
