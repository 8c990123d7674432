package interop.cases;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;

/** Random schemas and values; the same seed draws the same. */
final class Draw {
    private static final long DAY = 86_400_000L;
    private static final String[] STRINGS = {
        "", "a", "text", "Ada Lovelace", "42", "-7", "3.14", "1e3", "true", "null", "\"quoted\"", "back\\slash", "tab\tnew\nline", "\u0000\u001f\u007f", "é", "日本語",
        "\uD83D\uDE00", "<>&'/", "\u2028", "2019-08-23", "2019-08-23T14:34:54.346Z", "[1,2]", "{\"a\":1}", "a.b", "  blanks  ", "zürich", "0x10", "NaN", "9223372036854775808",
    };
    private static final double[] DOUBLES = {
        0.0, -0.0, 1.0, -1.5, 97.25, 1e7, 9999999.0, 1.0e-3, 9.99e-4, 1e10, 1e-10, 123456.789, Double.MAX_VALUE, Double.NaN, Double.POSITIVE_INFINITY, 300.7, -129.9, 1e20, 2.5e9,
    };
    private static final long[] LONGS = {
        0, 1, -1, 42, 127, 128, -128, -129, 255, 300, 32767, 32768, 65536, 2147483647L, 2147483648L, -2147483649L, Long.MAX_VALUE, Long.MIN_VALUE, 1566570894346L, 86400000L,
        1000000000000000L,
    };
    final Random random;
    private int names;

    Draw(long seed) {
        random = new Random(seed);
    }

    int upTo(int n) {
        return random.nextInt(n);
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    @SafeVarargs
    final <T> T of(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    String string() {
        return oneIn(6) ? of(STRINGS) + of(STRINGS) : of(STRINGS);
    }

    long number() {
        return oneIn(3) ? random.nextLong() >> random.nextInt(64) : LONGS[random.nextInt(LONGS.length)];
    }

    double real() {
        return oneIn(4) ? random.nextGaussian() * Math.pow(10, random.nextInt(16) - 8) : DOUBLES[random.nextInt(DOUBLES.length)];
    }

    byte[] bytes() {
        byte[] b = new byte[random.nextInt(6)];
        random.nextBytes(b);
        return b;
    }

    /** An instant that Date, Time and Timestamp take alike is rare; each asks for its own. */
    Date date(String logical) {
        if (logical.equals(Time.LOGICAL_NAME)) {
            return new Date(Math.floorMod(random.nextLong(), DAY));
        }
        long days = random.nextInt(40000) - 10000;
        return new Date(logical.equals(Timestamp.LOGICAL_NAME) ? days * DAY + random.nextInt((int) DAY) : days * DAY);
    }

    BigDecimal decimal(int scale) {
        return new BigDecimal(oneIn(3) ? new BigInteger(random.nextInt(90), random).negate() : BigInteger.valueOf(number() % 1000000), scale);
    }

    /** A schema of at most the given depth. */
    Schema schema(int depth) {
        return schema(depth, false);
    }

    Schema schema(int depth, boolean struct) {
        SchemaBuilder b;
        int kind = struct ? 13 : random.nextInt(depth > 0 ? 14 : 11);
        switch (kind) {
            case 0: b = SchemaBuilder.int8(); break;
            case 1: b = SchemaBuilder.int16(); break;
            case 2: b = SchemaBuilder.int32(); break;
            case 3: b = SchemaBuilder.int64(); break;
            case 4: b = SchemaBuilder.float32(); break;
            case 5: b = SchemaBuilder.float64(); break;
            case 6: b = SchemaBuilder.bool(); break;
            case 7: b = SchemaBuilder.string(); break;
            case 8: b = SchemaBuilder.bytes(); break;
            case 9: b = Decimal.builder(of(0, 2, 5, 12)); break;
            case 10: b = of(Timestamp.builder(), Time.builder(), org.apache.kafka.connect.data.Date.builder()); break;
            case 11: b = SchemaBuilder.array(schema(depth - 1)); break;
            case 12: b = SchemaBuilder.map(oneIn(3) ? plainKey() : Schema.STRING_SCHEMA, schema(depth - 1)); break;
            default:
                b = SchemaBuilder.struct();
                int n = random.nextInt(5) + (struct ? 1 : 0);
                for (int i = 0; i < n; i++) {
String name = of("a", "b", "id", "name", "ts", "deep", "x_1", "amount");
                    b.field(b.field(name) == null ? name : name + i, schema(depth - 1));
                }
                if (oneIn(2)) {
                    b.name("com.example.Row" + names++);
                }
        }
        if (kind < 9 && oneIn(6)) {
            b.name("io.example.Type" + names++);
        }
        if (kind != 9 && kind != 10 && oneIn(6)) {
            b.version(random.nextInt(4) + 1);
        }
        if (oneIn(8)) {
            b.doc(of("doc", "a \"doc\""));
        }
        if (kind < 9 && oneIn(8)) {
            b.parameter("p", of("v", ""));
        }
        if (oneIn(3)) {
            b.optional();
        }
        if (kind < 11 && oneIn(5)) {
            b.defaultValue(value(b, 0, true));
        }
        return b.build();
    }

    private Schema plainKey() {
        return of(Schema.INT32_SCHEMA, Schema.INT64_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA, Schema.BOOLEAN_SCHEMA);
    }

    /** A value that fits the schema; null now and then where it may be, unless required. */
    Object value(Schema s, int depth, boolean required) {
        if (!required && s.isOptional() && oneIn(4)) {
            return null;
        }
        if (s.name() != null && s.name().startsWith("org.apache.kafka.connect.data.")) {
            return s.name().equals(Decimal.LOGICAL_NAME) ? decimal(Integer.parseInt(s.parameters().get("scale"))) : date(s.name());
        }
        switch (s.type()) {
            case INT8: return (byte) number();
            case INT16: return (short) number();
            case INT32: return (int) number();
            case INT64: return number();
            case FLOAT32: return (float) real();
            case FLOAT64: return real();
            case BOOLEAN: return random.nextBoolean();
            case STRING: return string();
            case BYTES: return bytes();
            case ARRAY:
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(s.valueSchema(), depth + 1, false));
                }
                return list;
            case MAP:
                Map<Object, Object> map = new HashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put(value(s.keySchema(), depth + 1, true), value(s.valueSchema(), depth + 1, false));
                }
                return map;
            default:
                Struct struct = new Struct(s);
                for (Field f : s.fields()) {
                    if (f.schema().defaultValue() != null && oneIn(3)) {
                        continue; // unset: the default
                    }
                    struct.put(f, value(f.schema(), depth + 1, false));
                }
                return struct;
        }
    }

    /** A value without a schema, as a schemaless converter reads them. */
    Object schemaless(int depth) {
        switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0: return null;
            case 1: return random.nextBoolean();
            case 2: return number();
            case 3: return real();
            case 4:
            case 5: return string();
            case 6:
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(schemaless(depth - 1));
                }
                return list;
            default:
                return map(depth);
        }
    }

    Map<String, Object> map(int depth) {
        Map<String, Object> map = new HashMap<>();
        for (String name : new String[] {"a", "b", "id", "name", "ts", "nested"}) {
            if (oneIn(2)) {
                map.put(name, schemaless(depth - 1));
            }
        }
        return map;
    }
}
