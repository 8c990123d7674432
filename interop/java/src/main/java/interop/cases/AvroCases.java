package interop.cases;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.apicurio.registry.serde.avro.NonRecordContainer;
import io.apicurio.registry.utils.converter.avro.AvroData;
import io.apicurio.registry.utils.converter.avro.AvroDataConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.generic.GenericContainer;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;

/** What Confluent's AvroData, in the copy that Apicurio publishes, and Apache Avro make of Connect's data, and the other way round. */
final class AvroCases {
    private static final String CLASS = "io.confluent.connect.avro.AvroConverter";
    private final Draw draw;
    private final Output out;

    AvroCases(Draw draw, Output out) {
        this.draw = draw;
        this.out = out;
    }

    void run(int n) throws IOException {
        for (int i = 0; i < n; i++) {
            Map<String, String> config = new HashMap<>();
            for (String key : new String[] {"connect.meta.data", "enhanced.avro.schema.support"}) {
                if (draw.oneIn(4)) {
                    config.put(key, draw.of("true", "false"));
                }
            }
            write(config);
            AvroDraw drawn = new AvroDraw(draw);
            org.apache.avro.Schema schema = drawn.schema(3);
            read(config, schema, drawn.value(schema));
        }
    }

    private static AvroData avroData(Map<String, String> config) {
        return new AvroData(new AvroDataConfig(config));
    }

    private void write(Map<String, String> config) throws IOException {
        Schema schema = draw.oneIn(6) ? null : draw.schema(3, draw.oneIn(2));
        Object value = schema == null ? draw.schemaless(2) : draw.value(schema, 0, draw.oneIn(2));
        if (draw.oneIn(20)) {
            value = draw.schemaless(1); // which seldom fits
        }
        ObjectNode c = ConverterCases.about("avro-write", CLASS, config);
        c.set("schema", Neutral.schema(schema));
        c.set("value", Neutral.value(value));
        Object v = value;
        org.apache.avro.Schema[] own = {null};
        Object[] datum = {null};
        out.add(c, r -> {
            AvroData data = avroData(config);
            datum[0] = data.fromConnectData(schema, v);
            if (datum[0] == null) {
                return;
            }
            own[0] = schema == null ? ((GenericContainer) datum[0]).getSchema() : data.fromConnectSchema(schema);
            if (datum[0] instanceof NonRecordContainer) {
                datum[0] = ((NonRecordContainer) datum[0]).getValue();
            }
            r.put("avro", own[0].toString());
            r.put("bytes", bytes(own[0], datum[0]));
        });
        if (own[0] != null && draw.oneIn(2) && legible(own[0], datum[0])) {
            read(config, own[0], datum[0]);
        }
    }

    /** Whether there are bytes, and the schema's text stands for it: that of two records of one name says that they are the same. */
    private static boolean legible(org.apache.avro.Schema schema, Object datum) throws IOException {
        try {
            bytes(schema, datum);
            return schema.equals(new org.apache.avro.Schema.Parser().parse(schema.toString()));
        } catch (DataException | AvroRuntimeException | ClassCastException | NullPointerException e) {
            return false;
        }
    }

    /** The body as Confluent's serializer writes it: bytes at the top have no length. */
    private static byte[] bytes(org.apache.avro.Schema schema, Object datum) throws IOException {
        if (schema.getType() == org.apache.avro.Schema.Type.BYTES && datum instanceof ByteBuffer) {
            ByteBuffer b = ((ByteBuffer) datum).duplicate();
            byte[] all = new byte[b.remaining()];
            b.get(all);
            return all;
        }
        if (schema.getType() == org.apache.avro.Schema.Type.BYTES && datum instanceof byte[]) {
            return (byte[]) datum;
        }
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(to, null);
        new GenericDatumWriter<>(schema).write(datum, encoder);
        encoder.flush();
        return to.toByteArray();
    }

    private void read(Map<String, String> config, org.apache.avro.Schema schema, Object datum) throws IOException {
        byte[] body = bytes(schema, datum);
        ObjectNode c = ConverterCases.about("avro-read", CLASS, config);
        c.put("avro", schema.toString());
        c.put("bytes", body);
        out.add(c, r -> {
            org.apache.avro.Schema parsed = new org.apache.avro.Schema.Parser().parse(schema.toString());
            Object read = parsed.getType() == org.apache.avro.Schema.Type.BYTES ? ByteBuffer.wrap(body)
                : new GenericDatumReader<>(parsed).read(null, DecoderFactory.get().binaryDecoder(body, null));
            SchemaAndValue got = avroData(config).toConnectData(parsed, read, 1);
            r.set("schema", got == null ? null : Neutral.schema(got.schema()));
            r.set("value", got == null ? null : Neutral.value(got.value()));
        });
    }
}
