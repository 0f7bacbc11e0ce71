package io.debezium.connector.mongodb;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;

/** Reads cases as JSON, one a line; writes what Debezium's FieldSelector makes of them. */
public class FieldsRecorder {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line; (line = in.readLine()) != null; ) {
            BsonDocument test = BsonDocument.parse(line);
            BsonDocument answer = new BsonDocument();
            try {
                FieldSelector.FieldFilter filter = FieldSelector.builder()
                    .excludeFields(test.getString("exclude", new BsonString("")).getValue())
                    .renameFields(test.getString("renames", new BsonString("")).getValue())
                    .build().fieldFilterFor(new CollectionId("db", "c"));
                if (test.containsKey("document")) {
                    answer.put("document", filter.apply(test.getDocument("document")));
                }
                if (test.containsKey("updated")) {
                    answer.put("updated", filter.applyChange(test.getDocument("updated")));
                }
                if (test.containsKey("names")) {
                    List<BsonValue> names = new ArrayList<>();
                    for (BsonValue name : test.getArray("names")) {
                        String found = filter.apply(name.asString().getValue());
                        names.add(found == null ? BsonNull.VALUE : new BsonString(found));
                    }
                    answer.put("names", new BsonArray(names));
                }
            } catch (RuntimeException error) {
                answer.put("error", new BsonString(error.getMessage()));
            }
            BsonDocument asked = BsonDocument.parse(line);  // the filter works in place
            asked.put("debezium", answer);
            out.println(asked.toJson());
        }
    }
}
