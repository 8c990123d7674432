package interop.cases;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.source.SourceRecord;

/** What Debezium's transformations make of change events. */
final class DebeziumCases {
    private static final String PACKAGE = "io.debezium.transforms.";
    private static final Schema SOURCE = SchemaBuilder.struct().name("io.debezium.connector.postgresql.Source").field("version", Schema.STRING_SCHEMA)
        .field("connector", Schema.STRING_SCHEMA).field("ts_ms", Schema.INT64_SCHEMA).field("snapshot", enumeration("true,last,false").optional().defaultValue("false").build())
        .field("db", Schema.STRING_SCHEMA).field("table", Schema.STRING_SCHEMA).field("lsn", Schema.OPTIONAL_INT64_SCHEMA).build();
    private static final Schema TRANSACTION = SchemaBuilder.struct().name("event.block").version(1).field("id", Schema.STRING_SCHEMA)
        .field("total_order", Schema.INT64_SCHEMA).field("data_collection_order", Schema.INT64_SCHEMA).optional().build();
    private final Draw draw;
    private final Output out;
    private Schema row;

    DebeziumCases(Draw draw, Output out) {
        this.draw = draw;
        this.out = out;
    }

    private static SchemaBuilder enumeration(String allowed) {
        return SchemaBuilder.string().name("io.debezium.data.Enum").version(1).parameter("allowed", allowed);
    }

    void run(int n) throws IOException {
        for (int i = 0; i < n; i++) {
            Map<String, String> config = new TreeMap<>();
            switch (i % 3) {
                case 0:
                    row = table();
                    unwrap(config);
                    TransformCases.apply(out, PACKAGE + "ExtractNewRecordState", config, record());
                    break;
                case 1:
                    OutboxCases outbox = new OutboxCases(draw);
                    row = outbox.table();
                    outbox.configure(config);
                    TransformCases.apply(out, PACKAGE + "outbox.EventRouter", config, record(event(outbox.row(row), null, draw.oneIn(8) ? "u" : "c")));
                    break;
                default:
                    row = table();
                    logical(config);
                    TransformCases.apply(out, PACKAGE + draw.of("ByLogicalTableRouter", "ToLogicalTopicRouter"), config, record());
            }
        }
    }

    /** A table's rows: the schema is optional, as in an envelope. */
    private Schema table() {
        SchemaBuilder b = SchemaBuilder.struct().name("srv.inventory.orders.Value").optional();
        if (draw.oneIn(8)) {
            b.version(3).doc("rows").parameter("p", "v");
        }
        for (Field f : draw.schema(2, true).fields()) {
            b.field(f.name(), f.schema());
        }
        return b.field("route", draw.oneIn(8) ? Schema.OPTIONAL_INT32_SCHEMA : Schema.OPTIONAL_STRING_SCHEMA).build();
    }

    private SourceRecord record() {
        switch (draw.upTo(12)) {
            case 0: return record(null); // a tombstone
            case 1: return record(event(null, null, "t"));
            case 2:
            case 3: return record(event(null, value(), "d"));
            case 4:
            case 5: return record(event(value(), value(), "u"));
            case 6:
                Schema other = draw.schema(1, true);
                return record(new SchemaAndValue(other, draw.value(other, 0, true)));
            case 7: return record(new SchemaAndValue(null, draw.map(1)));
            default: return record(event(value(), null, draw.of("c", "r")));
        }
    }

    private Struct value() {
        Struct v = (Struct) draw.value(row, 0, true);
        if (row.field("route").schema().type() == Schema.Type.STRING && !draw.oneIn(4)) {
            v.put("route", draw.of("routed", "other.topic", " "));
        }
        return v;
    }

    private SchemaAndValue event(Struct after, Struct before, String op) {
        boolean few = draw.oneIn(6);
        SchemaBuilder b = SchemaBuilder.struct().name("srv.inventory.orders.Envelope").field("before", row).field("after", row).field("source", SOURCE);
        if (!few) {
            b.version(2).field("transaction", TRANSACTION);
        }
        b.field("op", Schema.STRING_SCHEMA).field("ts_ms", Schema.OPTIONAL_INT64_SCHEMA);
        if (!few) {
            b.field("ts_us", Schema.OPTIONAL_INT64_SCHEMA).field("ts_ns", Schema.OPTIONAL_INT64_SCHEMA);
        }
        Schema schema = b.build();
        Struct source = new Struct(SOURCE).put("version", "3.7.0.Final").put("connector", "postgresql").put("ts_ms", 1566570894346L).put("db", "inventory").put("table", "orders");
        if (draw.oneIn(2)) {
            source.put("lsn", 24023128L).put("snapshot", draw.of("true", "last"));
        }
        Struct v = new Struct(schema).put("after", after).put("before", before).put("source", source).put("op", op);
        if (!draw.oneIn(8)) {
            v.put("ts_ms", 1566570894999L);
        }
        if (!few) {
            v.put("ts_us", 1566570894999123L);
            if (draw.oneIn(2)) {
                v.put("transaction", new Struct(TRANSACTION).put("id", "571").put("total_order", 1L).put("data_collection_order", 2L));
            }
        }
        return new SchemaAndValue(schema, v);
    }

    private SourceRecord record(SchemaAndValue event) {
        SchemaBuilder b = SchemaBuilder.struct().name("srv.inventory.orders.Key").field("id", Schema.INT64_SCHEMA);
        b.field("part", SchemaBuilder.int32().optional().defaultValue(4).build());
        if (draw.oneIn(6)) {
            b.version(2).doc("key");
        }
        Schema keySchema = draw.oneIn(8) ? null : draw.oneIn(8) ? Schema.STRING_SCHEMA : b.build();
        Object key = keySchema == null ? null : keySchema.type() == Schema.Type.STRING ? draw.string() : new Struct(keySchema).put("id", draw.number());
        ConnectHeaders headers = new ConnectHeaders();
        if (draw.oneIn(3)) {
            headers.add("h1", new SchemaAndValue(Schema.STRING_SCHEMA, draw.string()));
        }
        if (draw.oneIn(3)) {
            List<String> names = new ArrayList<>(List.of("nope", "part"));
            row.fields().stream().filter(f -> draw.oneIn(2)).forEach(f -> names.add(f.name()));
            headers.add("dropped", new SchemaAndValue(SchemaBuilder.array(Schema.STRING_SCHEMA).build(), names));
        }
        Integer partition = draw.oneIn(2) ? draw.upTo(3) : null;
        Long timestamp = draw.oneIn(3) ? null : 1483425001864L;
        return new SourceRecord(Map.of("p", "1"), Map.of("o", 1), draw.of("srv.inventory.orders", "srv.inventory.orders_2", "srv.inv-1.t"), partition, keySchema, key,
            event == null ? null : event.schema(), event == null ? null : event.value(), timestamp, headers);
    }

    private String references() {
        List<String> list = new ArrayList<>();
        for (int i = 1 + draw.upTo(3); i > 0; i--) {
            list.add(draw.of("op", "ts_ms", "ts_us", "table", "source.ts_ms", "lsn", "snapshot", "id", "transaction.total_order", "nope", "source.nope", "source", "transaction", "before.route")
                + (draw.oneIn(4) ? ":as" + i : ""));
        }
        return String.join(draw.of(",", ", "), list);
    }

    private void unwrap(Map<String, String> c) {
        if (!draw.oneIn(4)) {
            c.put("delete.tombstone.handling.mode", draw.of("drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone", "REWRITE"));
        }
        if (draw.oneIn(2)) {
            c.put("add.fields", references());
            maybe(c, "add.fields.prefix", "", "meta.");
        }
        if (draw.oneIn(3)) {
            c.put("add.headers", references());
            maybe(c, "add.headers.prefix", "", "h_");
        }
        maybe(c, "route.by.field", "route");
        if (draw.oneIn(2)) {
            c.put("drop.fields.header.name", "dropped");
            maybe(c, "drop.fields.from.key", "true", "false");
            maybe(c, "drop.fields.keep.schema.compatible", "true", "false");
        }
        maybe(c, "replace.null.with.default", "true", "false");
    }

    private void logical(Map<String, String> c) {
        c.put("topic.regex", draw.of("(.*)orders(.*)", "srv\\.(?<db>\\w+)\\.(.*)", ".*", "nothing", "(.*)_\\d"));
        c.put("topic.replacement", draw.of("all", "$1all", "x-$1"));
        maybe(c, "key.enforce.uniqueness", "true", "false");
        maybe(c, "key.field.name", "__table", "id");
        if (draw.oneIn(3)) {
            c.put("key.field.regex", draw.of("(.*)_(.*)", "srv\\.(.*)", "no"));
            maybe(c, "key.field.replacement", "$1", "t$1", "one");
        }
        maybe(c, "schema.name.adjustment.mode", "none", "avro", "avro_unicode");
    }

    private void maybe(Map<String, String> config, String key, String... values) {
        if (draw.oneIn(3)) {
            config.put(key, draw.of(values));
        }
    }
}
