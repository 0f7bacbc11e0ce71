package io.debezium.connector.mongodb;

import com.mongodb.kafka.connect.source.json.formatter.DefaultJson;
import com.mongodb.kafka.connect.source.json.formatter.ExtendedJson;
import com.mongodb.kafka.connect.source.json.formatter.SimplifiedJson;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.function.Supplier;
import org.bson.BsonBinaryReader;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.codecs.DecoderContext;
import org.bson.json.JsonMode;
import org.bson.json.JsonWriterSettings;

/** Reads documents as hexadecimal BSON, one a line; writes what each formatter makes of them, as JSON. */
public class EjsonRecorder {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        JsonSerialization debezium = new JsonSerialization();
        for (String line; (line = in.readLine()) != null; ) {
            byte[] bytes = HexFormat.of().parseHex(line);
            BsonDocument document = new BsonDocumentCodec()
                .decode(new BsonBinaryReader(ByteBuffer.wrap(bytes)), DecoderContext.builder().build());
            BsonDocument answer = new BsonDocument();
            put(answer, "legacy", () -> debezium.getDocumentValue(document));
            put(answer, "updated_fields", () -> document.toJson());
            put(answer, "key", () -> document.containsKey("_id") ? debezium.getDocumentId(document) : null);
            put(answer, "extended", () -> document.toJson(unbroken(JsonMode.EXTENDED)));
            put(answer, "relaxed", () -> document.toJson(unbroken(JsonMode.RELAXED)));
            put(answer, "DefaultJson", () -> document.toJson(new DefaultJson().getJsonWriterSettings()));
            put(answer, "ExtendedJson", () -> document.toJson(new ExtendedJson().getJsonWriterSettings()));
            put(answer, "SimplifiedJson", () -> document.toJson(new SimplifiedJson().getJsonWriterSettings()));
            out.println(answer.toJson());
        }
    }

    /** Return Debezium's layout, in another mode. */
    private static JsonWriterSettings unbroken(JsonMode mode) {
        return JsonWriterSettings.builder().outputMode(mode).indent(true).indentCharacters("").newLineCharacters("").build();
    }

    private static void put(BsonDocument answer, String name, Supplier<String> text) {
        try {
            String found = text.get();
            if (found != null) {
                answer.put(name, new BsonString(found));
            }
        } catch (RuntimeException error) {
            answer.put(name + " fails", new BsonString(error.getClass().getSimpleName()));
        }
    }
}
