package interop;

import static interop.Checks.check;
import static interop.Checks.equal;
import static interop.Checks.is;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Transactions as applications write them. Arguments: bootstrap servers, group protocol (classic or consumer). */
public final class Transactions {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final String servers;
    private final String protocol;

    private Transactions(String servers, String protocol) {
        this.servers = servers;
        this.protocol = protocol;
    }

    public static void main(String[] args) throws Exception {
        Transactions t = new Transactions(args[0], args[1]);
        t.create("tx.in", "tx.out", "tx.copy", "tx.times", "tx.fence");
        check("commit and abort", t::commitAndAbort);
        check("read process write", t::readProcessWrite);
        check("fencing", t::fencing);
        check("offsets for times", t::offsetsForTimes);
        Checks.done();
    }

    private String name(String topic) {
        return topic + "." + protocol;
    }

    private void create(String... topics) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            List<NewTopic> all = new ArrayList<>();
            for (String topic : topics) {
                all.add(new NewTopic(name(topic), 2, (short) 1));
            }
            admin.createTopics(all).all().get();
        }
    }

    private KafkaProducer<String, String> producer(String id) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", servers, "transaction.timeout.ms", 60000));
        if (id != null) {
            config.put("transactional.id", id + "." + protocol);
        }
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private KafkaConsumer<String, String> consumer(String group, String isolation) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", servers, "group.id", group + "." + protocol, "group.protocol", protocol, "isolation.level", isolation,
            "auto.offset.reset", "earliest", "enable.auto.commit", false));
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    /** Reads until the positions reach the ends that this isolation level may see. */
    private List<String> drain(KafkaConsumer<String, String> consumer, String topic) {
        List<String> values = new ArrayList<>();
        consumer.subscribe(List.of(topic));
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(100))) {
                values.add(r.value());
            }
            if (consumer.assignment().size() == 2) {
                Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
                boolean all = true;
                for (TopicPartition p : consumer.assignment()) {
                    all &= consumer.position(p) >= ends.get(p);
                }
                if (all) {
                    return values;
                }
            }
        }
        throw new AssertionError("the ends are not reached; so far " + values.size() + " records");
    }

    private void commitAndAbort() throws Exception {
        String topic = name("tx.out");
        int committed = 0;
        try (KafkaProducer<String, String> p = producer("tx.out")) {
            p.initTransactions();
            for (int i = 0; i < 20; i++) {
                p.beginTransaction();
                boolean commit = i % 3 != 0;
                for (int j = 0; j < 50; j++) {
                    p.send(new ProducerRecord<>(topic, j % 2, null, commit ? "committed" : "aborted"));
                }
                if (i % 2 == 0) {
                    p.flush();
                }
                if (commit) {
                    p.commitTransaction();
                    committed += 50;
                } else {
                    p.abortTransaction();
                }
            }
        }
        try (KafkaConsumer<String, String> c = consumer("committed", "read_committed")) {
            List<String> values = drain(c, topic);
            equal(committed, values.size());
            is(!values.contains("aborted"), "aborted records are visible");
        }
        try (KafkaConsumer<String, String> c = consumer("uncommitted", "read_uncommitted")) {
            List<String> values = drain(c, topic);
            is(values.contains("aborted"), "read_uncommitted hides what was flushed and aborted");
            equal((long) committed, values.stream().filter("committed"::equals).count());
        }
    }

    private void readProcessWrite() throws Exception {
        String in = name("tx.in");
        String out = name("tx.copy");
        try (KafkaProducer<String, String> p = producer(null)) {
            for (int i = 0; i < 100; i++) {
                p.send(new ProducerRecord<>(in, i % 2, null, "r" + i));
            }
        }
        int copied = 0;
        try (KafkaProducer<String, String> p = producer("tx.copy"); KafkaConsumer<String, String> c = consumer("copier", "read_committed")) {
            p.initTransactions();
            c.subscribe(List.of(in));
            boolean aborted = false;
            for (long deadline = System.nanoTime() + LIMIT.toNanos(); copied < 100 && System.nanoTime() < deadline;) {
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                List<ConsumerRecord<String, String>> batch = new ArrayList<>();
                c.poll(Duration.ofMillis(200)).forEach(batch::add);
                if (batch.isEmpty()) {
                    continue;
                }
                p.beginTransaction();
                for (ConsumerRecord<String, String> r : batch) {
                    p.send(new ProducerRecord<>(out, r.partition(), null, r.value()));
                    offsets.put(new TopicPartition(in, r.partition()), new OffsetAndMetadata(r.offset() + 1, "copied"));
                }
                p.sendOffsetsToTransaction(offsets, c.groupMetadata());
                if (!aborted) {
                    aborted = true;
                    p.abortTransaction(); // and once more from where the group stands
                    c.assignment().forEach(tp -> equal(null, c.committed(java.util.Set.of(tp)).get(tp)));
                    c.seekToBeginning(c.assignment());
                    continue;
                }
                p.commitTransaction();
                copied += batch.size();
            }
            Map<TopicPartition, OffsetAndMetadata> committed = c.committed(java.util.Set.of(new TopicPartition(in, 0), new TopicPartition(in, 1)));
            committed.values().forEach(o -> equal(new OffsetAndMetadata(50, o.leaderEpoch(), "copied"), o));
            equal(2, committed.size());
        }
        equal(100, copied);
        try (KafkaConsumer<String, String> c = consumer("copied", "read_committed")) {
            List<String> values = drain(c, out);
            equal(100, values.size());
            equal(100L, values.stream().distinct().count());
        }
    }

    private void fencing() throws Exception {
        String topic = name("tx.fence");
        try (KafkaProducer<String, String> old = producer("tx.fence")) {
            old.initTransactions();
            old.beginTransaction();
            old.send(new ProducerRecord<>(topic, 0, null, "zombie")).get();
            try (KafkaProducer<String, String> young = producer("tx.fence")) {
                young.initTransactions();
                try {
                    old.send(new ProducerRecord<>(topic, 0, null, "zombie")).get();
                    old.commitTransaction();
                    throw new AssertionError("the old producer is not fenced");
                } catch (ProducerFencedException | InvalidProducerEpochException fenced) {
                    is(true, "fenced");
                } catch (java.util.concurrent.ExecutionException e) {
                    is(e.getCause() instanceof ProducerFencedException || e.getCause() instanceof InvalidProducerEpochException, "not fenced but " + e.getCause());
                }
                young.beginTransaction();
                young.send(new ProducerRecord<>(topic, 0, null, "young"));
                young.commitTransaction();
            }
        }
        try (KafkaConsumer<String, String> c = consumer("fence", "read_committed")) {
            equal(List.of("young"), drain(c, topic));
        }
    }

    private void offsetsForTimes() throws Exception {
        String topic = name("tx.times");
        TopicPartition tp = new TopicPartition(topic, 0);
        try (KafkaProducer<String, String> p = producer(null)) {
            for (long ts : new long[] {1000, 2000, 3000, 2500}) {
                p.send(new ProducerRecord<>(topic, 0, ts, null, "at " + ts));
            }
        }
        try (KafkaConsumer<String, String> c = consumer("times", "read_uncommitted")) {
            Map<Long, Long> want = Map.of(0L, 0L, 1500L, 1L, 2500L, 2L, 2600L, 2L);
            for (Map.Entry<Long, Long> w : want.entrySet()) {
                OffsetAndTimestamp got = c.offsetsForTimes(Map.of(tp, w.getKey())).get(tp);
                is(got != null && got.offset() == w.getValue(), "offset for " + w.getKey() + " is " + got + ", want " + w.getValue());
            }
            equal(null, c.offsetsForTimes(Map.of(tp, 3001L)).get(tp));
            equal(0L, c.beginningOffsets(List.of(tp)).get(tp));
            equal(4L, c.endOffsets(List.of(tp)).get(tp));
        }
    }
}
