package interop.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.apicurio.registry.utils.converter.avro.AvroData;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.StringConverter;
import org.apache.kafka.connect.transforms.Transformation;

/** The jobs for a row. */
final class Jobs {
    private static final String TOPIC = "bench";

    private Jobs() {
    }

    static void add(List<Bench.Named> to, Rows rows, JsonNode chain) throws Exception {
        for (String schemas : new String[] {"false", "true"}) {
            String name = rows.name + (schemas.equals("true") ? ", JSON with schema" : ", JSON");
            Converter json = configured(new JsonConverter(), Map.of("schemas.enable", schemas));
            add(to, rows, name, json);
            byte[] in = json.fromConnectData(TOPIC, rows.row.schema(), rows.row);
            to.add(new Bench.Named(name + ", read", () -> json.toConnectData(TOPIC, in)));
        }
        avro(to, rows);
        add(to, rows, rows.name + ", String", configured(new StringConverter(), Map.of()));
        for (int n : new int[] {1, chain.size()}) {
            chained(to, rows, chain, n);
        }
    }

    private static Converter configured(Converter c, Map<String, String> config) {
        c.configure(config, false);
        return c;
    }

    private static void add(List<Bench.Named> to, Rows rows, String name, Converter c) {
        to.add(new Bench.Named(name + ", write", () -> c.fromConnectData(TOPIC, rows.row.schema(), rows.row)));
    }

    /** Avro as AvroConverter does it, but without its look-ups of the schema's id. */
    private static void avro(List<Bench.Named> to, Rows rows) throws Exception {
        AvroData data = new AvroData(1000);
        Schema schema = rows.row.schema();
        byte[] prefix = ByteBuffer.allocate(5).putInt(1, 1).array();
        Bench.Job write = () -> {
            org.apache.avro.Schema own = data.fromConnectSchema(schema);
            Object datum = data.fromConnectData(schema, rows.row);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(prefix);
            BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
            new GenericDatumWriter<>(own).write(datum, encoder);
            encoder.flush();
            return out.toByteArray();
        };
        to.add(new Bench.Named(rows.name + ", Avro, write", write));
        byte[] in = (byte[]) write.run();
        org.apache.avro.Schema own = new org.apache.avro.Schema.Parser().parse(data.fromConnectSchema(schema).toString());
        GenericDatumReader<Object> reader = new GenericDatumReader<>(own); // Confluent's deserializer keeps it
        to.add(new Bench.Named(rows.name + ", Avro, read",
            () -> data.toConnectData(own, reader.read(null, DecoderFactory.get().binaryDecoder(in, 5, in.length - 5, null)), 1)));
    }

    /** The first transformations of the chain, then JSON. */
    @SuppressWarnings("unchecked")
    private static void chained(List<Bench.Named> to, Rows rows, JsonNode chain, int n) throws Exception {
        List<Transformation<SourceRecord>> transforms = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            Map<String, String> config = new HashMap<>();
            chain.get(i).get("config").fields().forEachRemaining(e -> config.put(e.getKey(), e.getValue().asText()));
            Transformation<SourceRecord> t = (Transformation<SourceRecord>) Class.forName(chain.get(i).get("class").asText()).getDeclaredConstructor().newInstance();
            t.configure(config);
            transforms.add(t);
        }
        Converter json = configured(new JsonConverter(), Map.of("schemas.enable", "false"));
        Map<String, ?> partition = Map.of("p", "1");
        to.add(new Bench.Named(rows.name + ", JSON after " + n + (n == 1 ? " transform" : " transforms") + ", write", () -> {
            SourceRecord r = new SourceRecord(partition, partition, TOPIC, null, null, null, rows.row.schema(), rows.row, 1566570894346L);
            for (Transformation<SourceRecord> t : transforms) {
                r = t.apply(r);
            }
            return json.fromConnectData(r.topic(), r.valueSchema(), r.value());
        }));
    }
}
