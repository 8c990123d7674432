package interop.bench;

import java.util.Date;
import java.util.List;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;

/** A narrow, a usual and a wide row, those of runtime/bench/conversion. */
final class Rows {
    private static final int WIDE = 10;
    final String name;
    final Struct row;

    private Rows(String name, Struct row) {
        this.name = name;
        this.row = row;
    }

    static List<Rows> all() {
        Schema narrow = SchemaBuilder.struct().name("srv.public.tags.Value").field("id", Schema.INT64_SCHEMA).field("name", Schema.OPTIONAL_STRING_SCHEMA)
            .field("n", Schema.INT32_SCHEMA).build();
        Struct small = new Struct(narrow).put("id", 123456789L).put("name", "Ada Lovelace").put("n", 4711);
        SchemaBuilder usual = SchemaBuilder.struct().name("srv.public.orders.Value");
        fields(usual, "");
        Struct row = new Struct(usual.build());
        fill(row, "");
        SchemaBuilder wide = SchemaBuilder.struct().name("srv.public.measures.Value");
        for (int i = 0; i < WIDE; i++) {
            fields(wide, "_" + i);
        }
        Struct large = new Struct(wide.build());
        for (int i = 0; i < WIDE; i++) {
            fill(large, "_" + i);
        }
        return List.of(new Rows("narrow", small), new Rows("usual", row), new Rows("wide", large));
    }

    private static void fields(SchemaBuilder b, String s) {
        b.field("id" + s, Schema.INT64_SCHEMA).field("name" + s, Schema.OPTIONAL_STRING_SCHEMA).field("email" + s, Schema.OPTIONAL_STRING_SCHEMA)
            .field("age" + s, Schema.OPTIONAL_INT32_SCHEMA).field("active" + s, Schema.BOOLEAN_SCHEMA).field("score" + s, Schema.OPTIONAL_FLOAT64_SCHEMA)
            .field("city" + s, Schema.OPTIONAL_STRING_SCHEMA).field("visits" + s, Schema.INT32_SCHEMA).field("created" + s, Timestamp.SCHEMA)
            .field("updated" + s, Timestamp.builder().optional().build()).field("status" + s, Schema.STRING_SCHEMA).field("note" + s, Schema.OPTIONAL_STRING_SCHEMA);
    }

    private static void fill(Struct row, String s) {
        row.put("id" + s, 123456789L).put("name" + s, "Ada Lovelace").put("email" + s, "ada@example.com").put("age" + s, 36).put("active" + s, true)
            .put("score" + s, 97.25).put("city" + s, "London").put("visits" + s, 4711).put("created" + s, new Date(1566570894346L))
            .put("updated" + s, new Date(1566570999999L)).put("status" + s, "shipped");
    }
}
