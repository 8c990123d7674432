package interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/** Counts words exactly once with Kafka Streams, through a repartition topic, a store and its changelog. Argument: bootstrap servers. */
public final class WordCount {
    private static final int LINES = 2000;
    private static final List<String> WORDS = List.of("king", "courier", "letter", "castle", "message");

    private final String servers;
    private final Map<String, Long> want = new HashMap<>();

    private WordCount(String servers) {
        this.servers = servers;
    }

    public static void main(String[] args) throws Exception {
        WordCount w = new WordCount(args[0]);
        Checks.check("exactly-once word count", () -> w.count(0));
        Checks.check("exactly-once word count goes on after a restart without its state", () -> w.count(1));
        Checks.check("input is read exactly once", w::offsets);
        Checks.done();
    }

    private void count(int round) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            if (round == 0) {
                admin.createTopics(List.of(new NewTopic("lines", 2, (short) 1), new NewTopic("counts", 2, (short) 1))).all().get();
            }
        }
        Path state = Files.createTempDirectory("streams");
        try (KafkaStreams streams = new KafkaStreams(topology(), config(state))) {
            streams.setUncaughtExceptionHandler(e -> org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
            streams.start();
            produce();
            Map<String, Long> got = Map.of();
            for (long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos(); !got.equals(want); got = read()) {
                Checks.is(System.nanoTime() < deadline, "counts are " + got + ", want " + want + "; the state is " + streams.state());
                Checks.is(streams.state() != KafkaStreams.State.ERROR, "Streams is in state ERROR");
            }
            Checks.is(streams.close(Duration.ofSeconds(30)), "Streams does not close");
        } finally {
            try (Stream<Path> files = Files.walk(state)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
    }

    private org.apache.kafka.streams.Topology topology() {
        StreamsBuilder b = new StreamsBuilder();
        b.stream("lines", Consumed.with(Serdes.String(), Serdes.String()))
            .flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word, Grouped.with(Serdes.String(), Serdes.String()))
            .count(Materialized.as("store"))
            .toStream()
            .to("counts", Produced.with(Serdes.String(), Serdes.Long()));
        return b.build();
    }

    private Properties config(Path state) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, "word-count");
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        p.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
        return p;
    }

    private void produce() {
        try (KafkaProducer<String, String> p = new KafkaProducer<>(Map.of("bootstrap.servers", servers), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < LINES; i++) {
                String a = WORDS.get(i % WORDS.size());
                String b = WORDS.get(i * 7 % 3);
                want.merge(a, 1L, Long::sum);
                want.merge(b, 1L, Long::sum);
                p.send(new ProducerRecord<>("lines", i % 2, null, a + " " + b));
            }
        }
    }

    /** The last committed count of each word. */
    private Map<String, Long> read() {
        Map<String, Long> got = new HashMap<>();
        Map<String, Object> config = Map.of("bootstrap.servers", servers, "isolation.level", "read_committed");
        try (KafkaConsumer<String, Long> c = new KafkaConsumer<>(config, new StringDeserializer(), new LongDeserializer())) {
            List<TopicPartition> all = List.of(new TopicPartition("counts", 0), new TopicPartition("counts", 1));
            c.assign(all);
            c.seekToBeginning(all);
            Map<TopicPartition, Long> ends = c.endOffsets(all);
            while (all.stream().anyMatch(p -> c.position(p) < ends.get(p))) {
                for (ConsumerRecord<String, Long> r : c.poll(Duration.ofMillis(100))) {
                    Checks.is(got.getOrDefault(r.key(), 0L) < r.value(), "the count of " + r.key() + " goes back to " + r.value());
                    got.put(r.key(), r.value());
                }
            }
        }
        return got;
    }

    private void offsets() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            var offsets = admin.listConsumerGroupOffsets("word-count").partitionsToOffsetAndMetadata().get();
            for (int p = 0; p < 2; p++) {
                Checks.equal((long) LINES, offsets.get(new TopicPartition("lines", p)).offset());
            }
            Checks.is(admin.listTopics().names().get().contains("word-count-store-changelog"), "there is no changelog");
        }
    }
}
