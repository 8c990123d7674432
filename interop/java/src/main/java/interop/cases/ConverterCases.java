package interop.cases;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;

/** What Apache Kafka's own converters write and read. */
final class ConverterCases {
    private static final String[] PLAIN = {
        "org.apache.kafka.connect.storage.StringConverter", "org.apache.kafka.connect.converters.ByteArrayConverter",
        "org.apache.kafka.connect.converters.BooleanConverter", "org.apache.kafka.connect.converters.ShortConverter",
        "org.apache.kafka.connect.converters.IntegerConverter", "org.apache.kafka.connect.converters.LongConverter",
        "org.apache.kafka.connect.converters.FloatConverter", "org.apache.kafka.connect.converters.DoubleConverter",
    };
    private static final String JSON = "org.apache.kafka.connect.json.JsonConverter";
    private final Draw draw;
    private final Output out;

    ConverterCases(Draw draw, Output out) {
        this.draw = draw;
        this.out = out;
    }

    void run(int n) throws Exception {
        for (int i = 0; i < n; i++) {
            write(JSON, jsonConfig());
            readJson();
            if (i % 4 == 0) {
                write(draw.of(PLAIN), Map.of());
                readPlain();
            }
            if (i % 2 == 0) {
                header();
            }
        }
    }

    private Map<String, String> jsonConfig() {
        Map<String, String> config = new HashMap<>();
        config.put("schemas.enable", draw.of("true", "false"));
        if (draw.oneIn(3)) {
            config.put("decimal.format", draw.of("NUMERIC", "base64"));
        }
        if (draw.oneIn(3)) {
            config.put("replace.null.with.default", draw.of("true", "false"));
        }
        return config;
    }

    static ObjectNode about(String kind, String className, Map<String, String> config) {
        ObjectNode c = Neutral.object();
        c.put("kind", kind);
        c.put("class", className);
        ObjectNode props = c.putObject("config");
        config.forEach(props::put);
        return c;
    }

    static Converter converter(String className, Map<String, String> config) throws Exception {
        Converter converter = (Converter) Class.forName(className).getDeclaredConstructor().newInstance();
        Map<String, Object> all = new HashMap<>(config);
        if (className.startsWith("org.apache.kafka.connect.converters.")) {
            all.put("converter.type", "value");
        }
        converter.configure(all, false);
        return converter;
    }

    private void write(String className, Map<String, String> config) throws IOException {
        Schema schema = draw.oneIn(6) ? null : draw.schema(3);
        Object value = schema == null ? draw.schemaless(3) : draw.value(schema, 0, false);
        if (draw.oneIn(12)) {
            value = draw.schemaless(2); // which seldom fits
        }
        ObjectNode c = about("write", className, config);
        c.set("schema", Neutral.schema(schema));
        c.set("value", Neutral.value(value));
        Object v = value;
        out.add(c, r -> r.put("bytes", converter(className, config).fromConnectData("topic", schema, v)));
    }

    private void readJson() throws Exception {
        Map<String, String> config = jsonConfig();
        byte[] in = text().getBytes(StandardCharsets.UTF_8);
        if (!draw.oneIn(3)) {
            Schema schema = draw.oneIn(6) ? null : draw.schema(3);
            Object value = schema == null ? draw.schemaless(3) : draw.value(schema, 0, false);
            try {
                in = converter(JSON, config).fromConnectData("topic", schema, value);
            } catch (DataException e) {
                // not everything can be written: the text stays
            }
        }
        if (in != null && in.length > 0 && draw.oneIn(3)) {
            in = damaged(in);
        }
        read(JSON, config, in);
    }

    private String text() {
        return draw.of("", " ", "1 2", "{\"a\":1}x", "007", "-", "1.5e3", "1e400", "9223372036854775808", "[1,[2,{\"a\":null}]]", "\"\\u00e9\\ud83d\\ude00\"", "tru", "{\"a\":1,\"a\":2}", "nul",
            "{\"schema\":{\"type\":\"int32\"},\"payload\":12.9}", "{\"schema\":{\"type\":\"int8\"},\"payload\":300}", "{\"schema\":{\"type\":\"string\"},\"payload\":12}",
            "{\"schema\":{\"type\":\"float32\"},\"payload\":1}", "{\"schema\":{\"type\":\"float\"},\"payload\":1e-50}", "{\"schema\":{\"type\":\"bytes\"},\"payload\":\"AQ==\"}",
            "{\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"int32\"}},\"payload\":{\"a\":1}}", "{\"schema\":{\"type\":\"map\",\"keys\":{\"type\":\"int32\"},\"values\":{\"type\":\"int32\"}},\"payload\":[[1,2]]}",
            "{\"schema\":{\"type\":\"int64\",\"name\":\"org.apache.kafka.connect.data.Timestamp\",\"version\":1},\"payload\":\"x\"}", "{\"schema\":null,\"payload\":{\"a\":[1.0,\"b\"]}}",
            "{\"payload\":1,\"schema\":{\"type\":\"int32\",\"optional\":true,\"default\":4}}", "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\",\"field\":\"a\",\"default\":3}]},\"payload\":{\"b\":1}}",
            "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\"}]},\"payload\":{}}", "{\"schema\":{\"type\":\"nope\"},\"payload\":1}", "{\"schema\":{},\"payload\":1}", "[]", "{}");
    }

    private byte[] damaged(byte[] in) {
        byte[] b = in.clone();
        int at = draw.upTo(b.length);
        if (draw.oneIn(2)) {
            b[at] = (byte) "{}[]\",:0 tx9-.e".charAt(draw.upTo(15));
            return b;
        }
        return java.util.Arrays.copyOf(b, at);
    }

    private void readPlain() throws IOException {
        byte[] in = draw.oneIn(3) ? draw.string().getBytes(StandardCharsets.UTF_8) : new byte[draw.upTo(10)];
        if (draw.oneIn(2)) {
            draw.random.nextBytes(in);
        }
        read(draw.of(PLAIN), Map.of(), draw.oneIn(10) ? null : in);
    }

    private void read(String className, Map<String, String> config, byte[] in) throws IOException {
        ObjectNode c = about("read", className, config);
        c.put("bytes", in);
        out.add(c, r -> {
            SchemaAndValue got = converter(className, config).toConnectData("topic", in);
            r.set("schema", Neutral.schema(got.schema()));
            r.set("value", Neutral.value(got.value()));
        });
    }

    private void header() throws Exception {
        String className = "org.apache.kafka.connect.storage.SimpleHeaderConverter";
        HeaderConverter converter = (HeaderConverter) Class.forName(className).getDeclaredConstructor().newInstance();
        if (draw.oneIn(2)) {
            String text = draw.oneIn(3) ? draw.string() + draw.of(",", ":", " ", "[", "}", "\\", "-") + draw.string() : headerText(2);
            ObjectNode c = about("header-read", className, Map.of());
            c.put("bytes", text.getBytes(StandardCharsets.UTF_8));
            out.add(c, r -> {
                SchemaAndValue got = converter.toConnectHeader("topic", "key", text.getBytes(StandardCharsets.UTF_8));
                r.set("schema", got == null ? null : Neutral.schema(got.schema()));
                r.set("value", got == null ? null : Neutral.value(got.value()));
            });
            return;
        }
        Schema schema = draw.oneIn(3) ? null : draw.schema(2);
        Object value = schema == null ? draw.schemaless(2) : draw.value(schema, 0, false);
        ObjectNode c = about("header-write", className, Map.of());
        c.set("schema", Neutral.schema(schema));
        c.set("value", Neutral.value(value));
        out.add(c, r -> r.put("bytes", converter.fromConnectHeader("topic", "key", schema, value)));
    }

    /** Text of the kind that the parser of headers takes apart. */
    private String headerText(int depth) {
        switch (draw.upTo(depth > 0 ? 6 : 4)) {
            case 0: return Long.toString(draw.number());
            case 1: return Double.toString(draw.real());
            case 2: return draw.of("true", "false", "null", "2019-08-23", "14:34:54.346Z", "2019-08-23T14:34:54.346Z", "1e3", "-0.0", "+5", "12 ", "١٢", "1_000");
            case 3: return "\"" + draw.string() + "\"";
            case 4:
                StringBuilder array = new StringBuilder("[");
                for (int i = draw.upTo(4); i > 0; i--) {
                    array.append(headerText(depth - 1)).append(i > 1 || draw.oneIn(8) ? "," : "");
                }
                return array + (draw.oneIn(12) ? "" : "]");
            default:
                StringBuilder map = new StringBuilder("{");
                for (int i = draw.upTo(4); i > 0; i--) {
                    map.append('"').append(draw.of("a", "b", "c")).append(i).append("\":").append(headerText(depth - 1)).append(i > 1 || draw.oneIn(8) ? "," : "");
                }
                return map + (draw.oneIn(12) ? "" : "}");
        }
    }
}
