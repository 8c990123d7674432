package interop.cases;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Date;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/** Schemas and values as JSON that says everything about them; the Go side reads and writes the same. */
final class Neutral {
    static final ObjectMapper MAPPER = new ObjectMapper();

    private Neutral() {
    }

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static ObjectNode schema(Schema s) {
        if (s == null) {
            return null;
        }
        ObjectNode out = object();
        out.put("type", s.type().getName());
        out.put("optional", s.isOptional());
        if (s.name() != null) {
            out.put("name", s.name());
        }
        if (s.version() != null) {
            out.put("version", s.version());
        }
        if (s.doc() != null) {
            out.put("doc", s.doc());
        }
        if (s.parameters() != null) {
            ArrayNode params = out.putArray("params");
            s.parameters().forEach((k, v) -> params.addArray().add(k).add(v));
        }
        switch (s.type()) {
            case ARRAY:
                out.set("value", schema(s.valueSchema()));
                break;
            case MAP:
                out.set("key", schema(s.keySchema()));
                out.set("value", schema(s.valueSchema()));
                break;
            case STRUCT:
                ArrayNode fields = out.putArray("fields");
                for (Field f : s.fields()) {
                    fields.addObject().put("name", f.name()).set("schema", schema(f.schema()));
                }
                break;
            default:
        }
        if (s.defaultValue() != null) {
            out.set("default", value(s.defaultValue()));
        }
        return out;
    }

    /** A value as an object with one member that names its class; null is null. */
    static ObjectNode value(Object v) {
        if (v == null) {
            return null;
        }
        ObjectNode out = object();
        if (v instanceof Boolean) {
            out.put("bool", (Boolean) v);
        } else if (v instanceof Byte) {
            out.put("i8", (Byte) v);
        } else if (v instanceof Short) {
            out.put("i16", (Short) v);
        } else if (v instanceof Integer) {
            out.put("i32", (Integer) v);
        } else if (v instanceof Long) {
            out.put("i64", Long.toString((Long) v));
        } else if (v instanceof Float) {
            out.put("f32", Float.floatToRawIntBits((Float) v));
        } else if (v instanceof Double) {
            out.put("f64", Long.toString(Double.doubleToRawLongBits((Double) v)));
        } else if (v instanceof String) {
            out.put("s", (String) v);
        } else if (v instanceof byte[]) {
            out.put("b", (byte[]) v);
        } else if (v instanceof ByteBuffer) {
            ByteBuffer b = ((ByteBuffer) v).duplicate();
            byte[] copy = new byte[b.remaining()];
            b.get(copy);
            out.put("b", copy);
        } else if (v instanceof BigDecimal) {
            out.putArray("dec").add(((BigDecimal) v).unscaledValue().toString()).add(((BigDecimal) v).scale());
        } else if (v instanceof Date) {
            out.put("date", Long.toString(((Date) v).getTime()));
        } else if (v instanceof Collection) {
            ArrayNode a = out.putArray("arr");
            ((Collection<?>) v).forEach(e -> a.add(value(e)));
        } else if (v instanceof Map) {
            ArrayNode m = out.putArray("map");
            ((Map<?, ?>) v).forEach((k, e) -> m.addArray().add(value(k)).add(value(e)));
        } else if (v instanceof Struct) {
            Struct s = (Struct) v;
            out.set("schema", schema(s.schema()));
            ArrayNode a = out.putArray("struct");
            s.schema().fields().forEach(f -> a.add(value(s.getWithoutDefault(f.name()))));
        } else {
            throw new IllegalArgumentException("no neutral form of " + v.getClass());
        }
        return out;
    }

    /** What went wrong: the classes and messages of the chain, and the stack's top for what nobody meant to throw. */
    static ObjectNode error(Throwable t) {
        ObjectNode out = object();
        out.put("class", t.getClass().getName());
        out.put("message", t.getMessage());
        if (t.getCause() != null) {
            out.put("cause", t.getCause().getMessage());
        }
        return out;
    }
}
