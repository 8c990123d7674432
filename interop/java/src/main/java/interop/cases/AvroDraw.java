package interop.cases;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.JsonProperties;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;

/** Random Avro schemas, of the kinds that other programs register, and data for them. */
final class AvroDraw {
    private final Draw draw;
    private int names;

    AvroDraw(Draw draw) {
        this.draw = draw;
    }

    Schema schema(int depth) {
        Schema s = plain(depth);
        if (s.getType() != Schema.Type.UNION && draw.oneIn(12)) {
            s.addProp("connect.doc", "a doc");
        }
        if (s.getType() != Schema.Type.UNION && draw.oneIn(12)) {
            s.addProp("connect.version", draw.upTo(3) + 1);
        }
        return s;
    }

    private Schema plain(int depth) {
        switch (draw.upTo(depth > 0 ? 18 : 12)) {
            case 0: return Schema.create(Schema.Type.INT);
            case 1: return Schema.create(Schema.Type.LONG);
            case 2: return Schema.create(Schema.Type.FLOAT);
            case 3: return Schema.create(Schema.Type.DOUBLE);
            case 4: return Schema.create(Schema.Type.BOOLEAN);
            case 5:
                Schema string = Schema.create(Schema.Type.STRING);
                if (draw.oneIn(3)) {
                    string.addProp("avro.java.string", "String");
                }
                return string;
            case 6: return Schema.create(Schema.Type.BYTES);
            case 7: return Schema.createFixed(name("Fixed"), null, "com.example", 1 + draw.upTo(4));
            case 8:
                Schema e = Schema.createEnum(name("Enum"), draw.oneIn(3) ? "which" : null, "com.example", List.of("RED", "GREEN", "BLUE"), draw.oneIn(3) ? "RED" : null);
                return e;
            case 9: return logical();
            case 10:
                Schema small = Schema.create(Schema.Type.INT);
                small.addProp("connect.type", draw.of("int8", "int16"));
                return small;
            case 11: return LogicalTypes.decimal(10, draw.upTo(4)).addToSchema(Schema.create(Schema.Type.BYTES));
            case 12: return Schema.createArray(schema(depth - 1));
            case 13: return Schema.createMap(schema(depth - 1));
            case 14: return union(depth);
            default: return record(depth);
        }
    }

    private Schema logical() {
        switch (draw.upTo(8)) {
            case 0: return LogicalTypes.date().addToSchema(Schema.create(Schema.Type.INT));
            case 1: return LogicalTypes.timeMillis().addToSchema(Schema.create(Schema.Type.INT));
            case 2: return LogicalTypes.timeMicros().addToSchema(Schema.create(Schema.Type.LONG));
            case 3: return LogicalTypes.timestampMillis().addToSchema(Schema.create(Schema.Type.LONG));
            case 4: return LogicalTypes.timestampMicros().addToSchema(Schema.create(Schema.Type.LONG));
            case 5: return LogicalTypes.localTimestampMillis().addToSchema(Schema.create(Schema.Type.LONG));
            case 6: return LogicalTypes.uuid().addToSchema(Schema.create(Schema.Type.STRING));
            default: return LogicalTypes.decimal(8, 2).addToSchema(Schema.createFixed(name("Money"), null, "com.example", 4));
        }
    }

    private Schema union(int depth) {
        List<Schema> branches = new ArrayList<>();
        if (!draw.oneIn(4)) {
            branches.add(Schema.create(Schema.Type.NULL));
        }
        for (int i = 1 + (draw.oneIn(2) ? draw.upTo(3) : 0); i > 0; i--) {
            Schema s = schema(depth - 1);
            boolean fits = s.getType() != Schema.Type.UNION;
            for (Schema b : branches) {
                fits &= !b.getFullName().equals(s.getFullName());
            }
            if (fits) {
                branches.add(s);
            }
        }
        if (branches.stream().allMatch(b -> b.getType() == Schema.Type.NULL)) {
            branches.add(Schema.create(Schema.Type.STRING));
        }
        return Schema.createUnion(branches);
    }

    private Schema record(int depth) {
        SchemaBuilder.FieldAssembler<Schema> fields = SchemaBuilder.record(name("Row")).namespace(draw.of("com.example", "com.other")).doc(draw.oneIn(6) ? "rows" : null).fields();
        for (int i = draw.upTo(5); i >= 0; i--) {
            Schema s = schema(depth - 1);
            SchemaBuilder.FieldBuilder<Schema> f = fields.name("f" + i);
            if (draw.oneIn(8)) {
                f = f.doc("of a field");
            }
            Object def = draw.oneIn(3) ? fallback(s) : null;
            fields = def == null ? f.type(s).noDefault() : f.type(s).withDefault(def == JsonProperties.NULL_VALUE ? null : def);
        }
        return fields.endRecord();
    }

    /** A default, if the schema is of a kind that has a simple one. */
    private Object fallback(Schema s) {
        switch (s.getType()) {
            case INT: return 7;
            case LONG: return 8L;
            case FLOAT: return 1.5f;
            case DOUBLE: return 2.5;
            case BOOLEAN: return true;
            case STRING: return "x";
            case BYTES: return ByteBuffer.wrap(new byte[] {1, (byte) 200});
            case ENUM: return "GREEN";
            case UNION: return s.getTypes().get(0).getType() == Schema.Type.NULL ? JsonProperties.NULL_VALUE : fallback(s.getTypes().get(0));
            case ARRAY: return List.of();
            case MAP: return Map.of();
            default: return null;
        }
    }

    private String name(String kind) {
        return kind + names++;
    }

    Object value(Schema s) {
        switch (s.getType()) {
            case INT:
                if (s.getLogicalType() == LogicalTypes.timeMillis()) {
                    return draw.upTo(86_400_000);
                }
                String small = s.getProp("connect.type");
                return small == null ? (int) draw.number() >> (s.getLogicalType() == null ? 0 : 8) : small.equals("int8") ? (byte) draw.number() : (int) (short) draw.number();
            case LONG: return s.getLogicalType() == null ? draw.number() : (Object) (draw.number() >> 14);
            case FLOAT: return (float) draw.real();
            case DOUBLE: return draw.real();
            case BOOLEAN: return draw.oneIn(2);
            case STRING: return draw.string();
            case BYTES: return ByteBuffer.wrap(s.getLogicalType() == null ? draw.bytes() : draw.decimal(2).unscaledValue().toByteArray());
            case FIXED:
                byte[] b = new byte[s.getFixedSize()];
                draw.random.nextBytes(b);
                return new GenericData.Fixed(s, b);
            case ENUM: return new GenericData.EnumSymbol(s, s.getEnumSymbols().get(draw.upTo(3)));
            case UNION: return value(s.getTypes().get(draw.upTo(s.getTypes().size())));
            case NULL: return null;
            case ARRAY:
                List<Object> list = new ArrayList<>();
                for (int i = draw.upTo(4); i > 0; i--) {
                    list.add(value(s.getElementType()));
                }
                return list;
            case MAP:
                Map<String, Object> map = new HashMap<>();
                for (int i = draw.upTo(4); i > 0; i--) {
                    map.put(draw.string(), value(s.getValueType()));
                }
                return map;
            default:
                GenericData.Record record = new GenericData.Record(s);
                s.getFields().forEach(f -> record.put(f.pos(), value(f.schema())));
                return record;
        }
    }
}
