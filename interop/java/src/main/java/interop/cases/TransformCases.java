package interop.cases;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;

/** What Apache Kafka's transformations make of records. */
final class TransformCases {
    private static final String PACKAGE = "org.apache.kafka.connect.transforms.";
    private final Draw draw;
    private final Output out;
    private List<String> fields;

    TransformCases(Draw draw, Output out) {
        this.draw = draw;
        this.out = out;
    }

    void run(int n) throws IOException {
        for (int i = 0; i < n; i++) {
            SourceRecord record = record();
            Map<String, String> config = new TreeMap<>();
            String className = PACKAGE + choose(config, draw.oneIn(5) ? "$Key" : "$Value");
            apply(out, className, config, record);
        }
    }

    private SourceRecord record() {
        Schema schema = draw.oneIn(3) ? null : draw.schema(2, !draw.oneIn(12));
        Object value = schema == null ? draw.oneIn(10) ? draw.schemaless(1) : draw.map(2) : draw.value(schema, 0, !draw.oneIn(10));
        fields = new ArrayList<>();
        if (schema != null && schema.type() == Schema.Type.STRUCT) {
            for (Field f : schema.fields()) {
                fields.add(f.name());
            }
        } else if (value instanceof Map) {
            ((Map<?, ?>) value).keySet().forEach(k -> fields.add(k.toString()));
        }
        if (fields.isEmpty()) {
            fields.add("a");
        }
        ConnectHeaders headers = new ConnectHeaders();
        for (int i = draw.upTo(3); i > 0; i--) {
            headers.add(draw.of("h1", "h2"), new SchemaAndValue(Schema.STRING_SCHEMA, draw.string()));
        }
        Integer partition = draw.oneIn(2) ? draw.upTo(3) : null;
        Long timestamp = draw.oneIn(4) ? null : 1483425001864L + draw.upTo(1000000);
        // The key is as the value, so that either side has the fields.
        return new SourceRecord(Map.of("p", "1"), Map.of("o", 1), draw.of("topic", "srv.db.orders", "a-b_c"), partition, schema, value, schema, value, timestamp, headers);
    }

    private String field() {
        return draw.oneIn(10) ? "nope" : fields.get(draw.upTo(fields.size()));
    }

    private String fieldList() {
        List<String> some = new ArrayList<>(fields);
        Collections.shuffle(some, draw.random);
        return String.join(",", some.subList(0, 1 + draw.upTo(some.size()))) + (draw.oneIn(10) ? ",nope" : "");
    }

    private void maybe(Map<String, String> config, String key, String... values) {
        if (draw.oneIn(3)) {
            config.put(key, draw.of(values));
        }
    }

    private String type() {
        return draw.of("int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string");
    }

    private String choose(Map<String, String> c, String side) {
        switch (draw.upTo(16)) {
            case 0:
                if (draw.oneIn(4)) {
                    c.put("spec", type());
                } else {
                    c.put("spec", field() + ":" + type());
                    if (draw.oneIn(2) && fields.size() > 1) {
                        c.put("spec", fields.get(0) + ":" + type() + "," + fields.get(1) + ":" + type());
                    }
                }
                maybe(c, "replace.null.with.default", "true", "false");
                return "Cast" + side;
            case 1:
                c.put("headers", draw.of("h1", "h1,h2", "h3"));
                return "DropHeaders";
            case 2:
                c.put("field", draw.oneIn(4) ? field() + "." + draw.of("a", "b", "id") : field());
                maybe(c, "field.syntax.version", "V1", "V2");
                maybe(c, "replace.null.with.default", "true", "false");
                return "ExtractField" + side;
            case 3:
                maybe(c, "delimiter", "_", "-", ".");
                return "Flatten" + side;
            case 4:
                c.put("fields", field());
                c.put("headers", draw.of("h9", "h1"));
                c.put("operation", draw.of("copy", "move"));
                maybe(c, "replace.null.with.default", "true", "false");
                return "HeaderFrom" + side;
            case 5:
                c.put("field", draw.of("wrapped", "a"));
                return "HoistField" + side;
            case 6:
                for (String key : new String[] {"topic.field", "partition.field", "timestamp.field"}) {
                    if (draw.oneIn(2)) {
                        c.put(key, draw.of("t", "p", "ts", "q").concat(draw.of("", "!", "?")));
                    }
                }
                if (draw.oneIn(2)) {
                    c.put("static.field", draw.of("s", "s?", "s!"));
                    c.put("static.value", draw.string());
                }
                maybe(c, "replace.null.with.default", "true", "false");
                return "InsertField" + side;
            case 7:
                c.put("header", "h5");
                c.put("value.literal", draw.string());
                return "InsertHeader";
            case 8:
                c.put("fields", fieldList());
                maybe(c, "replacement", "7", "300", "1.5", "xxx", "");
                maybe(c, "replace.null.with.default", "true", "false");
                return "MaskField" + side;
            case 9:
                c.put("regex", draw.of("(.*)", "(t)(.*)", "srv\\.(\\w+)\\.(.*)", "top", "[a-z]-(?<n>.*)", ".*(?=pic)pic", "(\\w)\\w*", "\\p{Alpha}+"));
                c.put("replacement", draw.of("$1", "x-$1", "$2", "$10-$1", "${n}", "\\$1", "y"));
                return "RegexRouter";
            case 10:
                if (draw.oneIn(2)) {
                    c.put(draw.of("include", "exclude"), fieldList());
                }
                if (draw.oneIn(2)) {
                    c.put("renames", field() + ":renamed");
                }
                maybe(c, "replace.null.with.default", "true", "false");
                return "ReplaceField" + side;
            case 11:
                maybe(c, "schema.name", "new.Name", "");
                maybe(c, "schema.version", "9");
                maybe(c, "replace.null.with.default", "true", "false");
                return "SetSchemaMetadata" + side;
            case 12:
            case 13:
                c.put("target.type", draw.of("string", "unix", "Date", "Time", "Timestamp"));
                if (!draw.oneIn(3)) {
                    c.put("field", field());
                }
                maybe(c, "format", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss.SSS", "EEE, d MMM yyyy", "yyyyMMdd HH:mm", "dd/MM/yy hh:mm a", "D w yyyy");
                if (c.get("target.type").equals("string") && !draw.oneIn(6)) {
                    c.putIfAbsent("format", "yyyy-MM-dd HH:mm:ss");
                }
                maybe(c, "unix.precision", "seconds", "milliseconds", "microseconds", "nanoseconds");
                maybe(c, "replace.null.with.default", "true", "false");
                return "TimestampConverter" + side;
            case 14:
                maybe(c, "topic.format", "${topic}", "${topic}-${timestamp}", "x");
                maybe(c, "timestamp.format", "yyyyMM", "yyyy-MM-dd_HH", "YYYY-ww");
                return "TimestampRouter";
            default:
                c.put("fields", fieldList());
                maybe(c, "replace.null.with.default", "true", "false");
                return "ValueToKey";
        }
    }

    /** Writes a case: the record, and what the transformation made of it (null: dropped). */
    @SuppressWarnings("unchecked")
    static void apply(Output out, String className, Map<String, String> config, SourceRecord record) throws IOException {
        ObjectNode c = ConverterCases.about("transform", className, config);
        describe(c.putObject("record"), record);
        out.add(c, r -> {
            try (Transformation<SourceRecord> t = (Transformation<SourceRecord>) Class.forName(className).getDeclaredConstructor().newInstance()) {
                t.configure(new HashMap<>(config));
                SourceRecord got = t.apply(record.newRecord(record.topic(), record.kafkaPartition(), record.keySchema(), record.key(), record.valueSchema(), record.value(),
                    record.timestamp(), record.headers().duplicate()));
                if (got == null) {
                    r.putNull("record");
                } else {
                    describe(r.putObject("record"), got);
                }
            }
        });
    }

    static void describe(ObjectNode to, SourceRecord r) {
        to.put("topic", r.topic());
        to.put("partition", r.kafkaPartition());
        to.put("timestamp", r.timestamp());
        to.set("keySchema", Neutral.schema(r.keySchema()));
        to.set("key", Neutral.value(r.key()));
        to.set("valueSchema", Neutral.schema(r.valueSchema()));
        to.set("value", Neutral.value(r.value()));
        ArrayNode headers = to.putArray("headers");
        for (Header h : r.headers()) {
            ObjectNode one = headers.addObject().put("key", h.key());
            one.set("schema", Neutral.schema(h.schema()));
            one.set("value", Neutral.value(h.value()));
        }
    }
}
