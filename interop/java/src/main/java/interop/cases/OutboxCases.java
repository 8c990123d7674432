package interop.cases;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;

/** Rows of outbox tables, and settings of the router that reads them. */
final class OutboxCases {
    private final Draw draw;
    private String payload;
    private String time;

    OutboxCases(Draw draw) {
        this.draw = draw;
    }

    Schema table() {
        payload = draw.of("string", "string", "json", "json", "bytes", "struct", "none");
        time = draw.of("io.debezium.time.Timestamp", "io.debezium.time.MicroTimestamp", "io.debezium.time.NanoTimestamp", "io.debezium.time.Date", "");
        SchemaBuilder b = SchemaBuilder.struct().name(draw.of("srv.inventory.outbox.Value", "outbox")).optional();
        b.field("id", draw.of(Schema.STRING_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA, SchemaBuilder.string().name("io.debezium.data.Uuid").version(1).build()));
        b.field("aggregatetype", draw.oneIn(12) ? Schema.INT32_SCHEMA : Schema.STRING_SCHEMA);
        b.field("aggregateid", draw.of(Schema.STRING_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA, Schema.INT64_SCHEMA));
        b.field("type", Schema.STRING_SCHEMA);
        switch (payload) {
            case "bytes": b.field("payload", Schema.OPTIONAL_BYTES_SCHEMA); break;
            case "struct": b.field("payload", draw.schema(1, true)); break;
            case "none": break;
            default: b.field("payload", draw.of(Schema.STRING_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA, SchemaBuilder.string().name("io.debezium.data.Json").version(1).optional().build()));
        }
        SchemaBuilder ts = SchemaBuilder.int64().optional();
        b.field("at", time.isEmpty() ? ts.build() : ts.name(time).version(1).build());
        b.field("version", draw.of(Schema.INT32_SCHEMA, Schema.OPTIONAL_INT32_SCHEMA, Schema.INT64_SCHEMA));
        b.field("part", draw.of(Schema.INT32_SCHEMA, Schema.OPTIONAL_INT32_SCHEMA, Schema.STRING_SCHEMA));
        return b.field("tenant", SchemaBuilder.string().optional().defaultValue("nobody").build()).build();
    }

    Struct row(Schema table) {
        Struct row = (Struct) draw.value(table, 0, true);
        if (table.field("aggregatetype").schema().type() == Schema.Type.STRING) {
            row.put("aggregatetype", draw.of("User", "order.Line", "a-b", ""));
        }
        row.put("at", draw.oneIn(4) ? null : (Object) 1566570894346789L);
        if (payload.equals("json")) {
            row.put("payload", draw.oneIn(10) ? draw.of("", " ", "{", "12", "null", "\"s\"") : json(3));
        }
        return row;
    }

    private String json(int depth) {
        switch (depth == 3 ? 7 + draw.upTo(5) : draw.upTo(depth > 0 ? 12 : 7)) {
            case 0: return "null";
            case 1: return draw.of("true", "false");
            case 2: return Long.toString(draw.number());
            case 3: return draw.of("1.5", "1e3", "-0.25", "0.1", "12345678901234567890", "1E-7");
            case 4:
            case 5: return draw.of("\"\"", "\"text\"", "\"\\u00e9\"", "\"12\"");
            case 6: return Integer.toString(draw.upTo(100));
            case 7:
                List<String> list = new ArrayList<>();
                for (int i = draw.upTo(4); i > 0; i--) {
                    list.add(json(depth - 1));
                }
                return "[" + String.join(",", list) + "]";
            default:
                List<String> members = new ArrayList<>();
                for (String name : new String[] {"a", "b", "c-d", "id"}) {
                    if (draw.oneIn(2)) {
                        members.add("\"" + name + "\":" + json(depth - 1));
                    }
                }
                return "{" + String.join(", ", members) + "}";
        }
    }

    void configure(Map<String, String> c) {
        if (draw.oneIn(2)) {
            List<String> list = new ArrayList<>();
            for (int i = 1 + draw.upTo(3); i > 0; i--) {
                list.add(draw.of("tenant:header", "tenant:envelope", "tenant:envelope:owner", "type:header:kind", "type:envelope", "part:partition", "id:envelope:eventId", "nope:header", "at:header"));
            }
            c.put("table.fields.additional.placement", String.join(",", list));
        }
        maybe(c, "table.field.additional.missing", "error", "ignore");
        maybe(c, "table.field.event.timestamp", "at", "nope");
        maybe(c, "table.field.event.schema.version", "version");
        maybe(c, "table.field.event.key", "tenant", "nope", "id");
        if (draw.oneIn(8)) {
            c.put("table.field.event.id", draw.of("type", "nope"));
        }
        maybe(c, "route.by.field", "type", "tenant");
        if (draw.oneIn(3)) {
            c.put("route.topic.regex", draw.of("(?<routedByValue>.*)", "(?<routedByValue>\\w+)\\..*", "(U)(.*)"));
            c.put("route.topic.replacement", draw.of("events.${routedByValue}", "all", "x"));
        }
        maybe(c, "route.tombstone.on.empty.payload", "true", "false");
        maybe(c, "table.op.invalid.behavior", "warn", "error", "fatal");
        if (draw.oneIn(2) || payload.equals("json")) {
            c.put("table.expand.json.payload", draw.oneIn(6) ? "false" : "true");
            maybe(c, "table.json.payload.null.behavior", "ignore", "optional_bytes");
            maybe(c, "table.json.payload.empty.array.behavior", "ignore", "optional_string");
        }
    }

    private void maybe(Map<String, String> config, String key, String... values) {
        if (draw.oneIn(3)) {
            config.put(key, draw.of(values));
        }
    }
}
