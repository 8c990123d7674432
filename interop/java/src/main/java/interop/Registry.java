package interop;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaMetadata;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Confluent's Java client of the schema registry: java interop.Registry BROKER URL TOPIC; AvroConverter wrote the topic. */
public final class Registry {
    private static final String ROW = "{\"type\":\"record\",\"name\":\"Row\",\"namespace\":\"com.example\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},"
        + "{\"name\":\"name\",\"type\":[\"null\",\"string\"],\"default\":null}]}";
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static String servers;
    private static String url;

    private Registry() {
    }

    public static void main(String[] args) throws Exception {
        servers = args[0];
        url = args[1];
        Checks.start("avro rows", Registry::rows);
        Checks.start("lines of a source", () -> lines(args[2]));
        Checks.start("references", Registry::references);
        Checks.start("compatibility", Registry::compatibility);
        Checks.start("deletes", Registry::deletes);
        Checks.start("lookups and modes", Registry::lookups);
        Checks.done();
    }

    private static CachedSchemaRegistryClient client() {
        return new CachedSchemaRegistryClient(url, 100);
    }

    private static AvroSchema avro(String name, String fields) {
        return new AvroSchema("{\"type\":\"record\",\"name\":\"" + name + "\",\"namespace\":\"com.example\",\"fields\":[" + fields.replace('\'', '"') + "]}");
    }

    private static void refused(int status, int code, Checks.Body body) throws Exception {
        try {
            body.run();
        } catch (RestClientException e) {
            Checks.equal(status + " " + code, e.getStatus() + " " + e.getErrorCode());
            return;
        }
        throw new AssertionError("want an error " + code);
    }

    private static void rows() throws Exception {
        int id = client().register("rows-java-value", new AvroSchema(ROW));
        Schema schema = new Schema.Parser().parse(ROW);
        List<GenericRecord> want = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(Map.of("bootstrap.servers", servers), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < 20; i++) {
                GenericRecord row = new GenericData.Record(schema);
                row.put("id", (long) i);
                row.put("name", i % 3 == 0 ? null : "näme " + i);
                want.add(row);
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                out.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
                BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
                new GenericDatumWriter<GenericRecord>(schema).write(row, encoder);
                encoder.flush();
                p.send(new ProducerRecord<>("rows-java", out.toByteArray())).get();
            }
        }
        Checks.equal(want.toString(), read("rows-java", 20).toString());
    }

    private static void lines(String topic) throws Exception {
        List<Object> got = read(topic, 50);
        for (int i = 0; i < 50; i++) {
            Checks.equal("line " + i, got.get(i).toString());
        }
    }

    /** Reads values with the schema that the registry has under the id before them. */
    private static List<Object> read(String topic, int n) throws Exception {
        CachedSchemaRegistryClient registry = client();
        List<Object> values = new ArrayList<>();
        Map<String, Object> config = Map.of("bootstrap.servers", servers, "group.id", "java-" + topic, "auto.offset.reset", "earliest");
        try (KafkaConsumer<byte[], byte[]> c = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            c.subscribe(List.of(topic));
            long end = System.nanoTime() + LIMIT.toNanos();
            while (values.size() < n && System.nanoTime() < end) {
                for (var r : c.poll(Duration.ofMillis(100))) {
                    ByteBuffer b = ByteBuffer.wrap(r.value());
                    Checks.equal((byte) 0, b.get());
                    Schema schema = new Schema.Parser().parse(registry.getSchemaById(b.getInt()).canonicalString());
                    values.add(new GenericDatumReader<>(schema).read(null, DecoderFactory.get().binaryDecoder(r.value(), 5, b.remaining(), null)));
                }
            }
        }
        Checks.equal(n, values.size());
        return values;
    }

    private static void references() throws Exception {
        CachedSchemaRegistryClient registry = client();
        AvroSchema address = avro("Address", "{'name':'city','type':'string'}");
        registry.register("java-address", address);
        AvroSchema order = new AvroSchema("{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"com.example\",\"fields\":[{\"name\":\"to\",\"type\":\"com.example.Address\"}]}",
            List.of(new SchemaReference("com.example.Address", "java-address", 1)), Map.of("com.example.Address", address.canonicalString()), null);
        int id = registry.register("java-order", order);
        AvroSchema stored = (AvroSchema) client().getSchemaById(id);
        Checks.equal("city", stored.rawSchema().getField("to").schema().getFields().get(0).name());
        Checks.equal(1, client().getVersion("java-order", order));
        refused(422, 42206, () -> registry.deleteSubject("java-address", false));
    }

    private static void compatibility() throws Exception {
        CachedSchemaRegistryClient registry = client();
        AvroSchema wrong = avro("R", "{'name':'id','type':'int'},{'name':'must','type':'string'}");
        registry.register("java-compat", avro("R", "{'name':'id','type':'int'}"));
        refused(409, 409, () -> registry.register("java-compat", wrong));
        Checks.equal(false, registry.testCompatibility("java-compat", wrong));
        Checks.is(!registry.testCompatibilityVerbose("java-compat", wrong).isEmpty(), "there is no message");
        Checks.equal("NONE", registry.updateCompatibility("java-compat", "NONE"));
        Checks.equal("NONE", client().getCompatibility("java-compat"));
        registry.register("java-compat", wrong);
        Checks.equal(List.of(1, 2), registry.getAllVersions("java-compat"));
    }

    private static void deletes() throws Exception {
        CachedSchemaRegistryClient registry = client();
        int id = registry.register("java-gone", avro("Gone", "{'name':'a','type':'int'}"));
        Checks.equal(List.of(1), registry.deleteSubject("java-gone", false));
        refused(404, 40401, () -> client().getLatestSchemaMetadata("java-gone"));
        Checks.equal(List.of(1), registry.deleteSubject("java-gone", true));
        refused(404, 40403, () -> client().getSchemaById(id));
        Checks.is(!client().getAllSubjects().contains("java-gone"), "the subject is still there");
    }

    private static void lookups() throws Exception {
        CachedSchemaRegistryClient registry = client();
        AvroSchema schema = avro("Found", "{'name':'a','type':'int'}");
        int id = registry.register("java-found", schema);
        Checks.equal(id, registry.register("java-found-again", schema));
        Checks.equal(id, client().getId("java-found", schema));
        SchemaMetadata latest = client().getLatestSchemaMetadata("java-found");
        Checks.equal(id + " 1", latest.getId() + " " + latest.getVersion());
        Checks.equal(2, client().getAllSubjectsById(id).size());
        Checks.equal("READONLY", registry.setMode("READONLY", "java-found"));
        refused(422, 42205, () -> client().register("java-found", avro("Found", "{'name':'a','type':'long'}")));
        registry.setMode("READWRITE", "java-found");
    }
}
