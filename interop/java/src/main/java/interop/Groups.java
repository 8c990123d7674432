package interop;

import static interop.Checks.equal;
import static interop.Checks.is;
import static interop.Checks.start;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Members that come, go and come back. Argument: bootstrap servers. */
public final class Groups {
    private static final long LIMIT = Duration.ofSeconds(30).toNanos();

    private final String servers;

    private Groups(String servers) {
        this.servers = servers;
    }

    public static void main(String[] args) throws Exception {
        Groups g = new Groups(args[0]);
        Map<String, Object> cooperative = Map.of("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
        start("cooperative-sticky rebalances", () -> g.rebalances("sticky", cooperative));
        start("rebalances of the new protocol", () -> g.rebalances("new", Map.of("group.protocol", "consumer")));
        start("range rebalances", () -> g.rebalances("range", Map.of()));
        start("classic static member comes back without a rebalance", () -> g.staticMember("static", Map.of()));
        start("static member of the new protocol comes back", () -> g.staticMember("static.new", Map.of("group.protocol", "consumer")));
        start("from the classic to the new protocol, one after the other", g::upgrade);
        start("pattern on the broker's side", g::brokerPattern);
        start("pattern on the client's side", () -> g.clientPattern("pattern", Map.of()));
        start("pattern on the client's side with the new protocol", () -> g.clientPattern("pattern.new", Map.of("group.protocol", "consumer")));
        start("new partitions are assigned", g::newPartitions);
        Checks.done();
    }

    /** A member that polls on a thread of its own. */
    private final class Member implements ConsumerRebalanceListener, AutoCloseable {
        final KafkaConsumer<String, String> consumer;
        final Set<TopicPartition> owned = ConcurrentHashMap.newKeySet();
        final AtomicInteger revoked = new AtomicInteger();
        final Thread thread;
        volatile Throwable failure;

        Member(String group, Map<String, Object> more) {
            Map<String, Object> config = new HashMap<>(
                Map.of("bootstrap.servers", servers, "group.id", group, "auto.offset.reset", "earliest", "metadata.max.age.ms", 1000, "session.timeout.ms", 10000, "heartbeat.interval.ms", 500));
            config.putAll(more);
            if (config.containsKey("group.protocol")) { // there the broker says how often
                config.remove("session.timeout.ms");
                config.remove("heartbeat.interval.ms");
            }
            consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
            thread = new Thread(this::poll);
        }

        Member subscribe(Collection<String> topics) {
            consumer.subscribe(topics, this);
            thread.start();
            return this;
        }

        private void poll() {
            try {
                while (true) {
                    consumer.poll(Duration.ofMillis(50));
                }
            } catch (WakeupException stopped) {
                return;
            } catch (Throwable t) {
                failure = t;
            } finally {
                consumer.close();
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            owned.addAll(partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            owned.removeAll(partitions);
            revoked.addAndGet(partitions.size());
        }

        @Override
        public void close() throws Exception {
            consumer.wakeup();
            thread.join();
            if (failure != null) {
                throw new AssertionError(failure);
            }
        }
    }

    private void create(String topic, int partitions) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        }
    }

    /** Waits until the members own all partitions, each once, and each member its share. */
    private static void settle(int partitions, int share, Member... members) throws Exception {
        String state = "";
        for (long deadline = System.nanoTime() + LIMIT; System.nanoTime() < deadline; Thread.sleep(20)) {
            Set<TopicPartition> all = new HashSet<>();
            int sum = 0;
            boolean fair = true;
            List<Integer> sizes = new ArrayList<>();
            for (Member m : members) {
                if (m.failure != null) {
                    throw new AssertionError(m.failure);
                }
                all.addAll(m.owned);
                sum += m.owned.size();
                sizes.add(m.owned.size());
                fair &= m.owned.size() >= share;
            }
            if (all.size() == partitions && sum == partitions && fair) {
                return;
            }
            state = sizes + " of " + partitions;
        }
        throw new AssertionError("does not settle: " + state);
    }

    private void rebalances(String topic, Map<String, Object> config) throws Exception {
        create(topic, 6);
        try (Member a = new Member(topic, config).subscribe(List.of(topic))) {
            settle(6, 6, a);
            try (Member b = new Member(topic, config).subscribe(List.of(topic))) {
                settle(6, 3, a, b);
                if (!config.isEmpty()) { // not of range, which revokes all
                    equal(3, a.revoked.get());
                }
                try (Member c = new Member(topic, config).subscribe(List.of(topic))) {
                    settle(6, 2, a, b, c);
                }
                settle(6, 3, a, b);
            }
            settle(6, 6, a);
        }
    }

    private void staticMember(String topic, Map<String, Object> more) throws Exception {
        create(topic, 4);
        Map<String, Object> config = new HashMap<>(more);
        config.put("group.instance.id", "one");
        Map<String, Object> other = new HashMap<>(more);
        other.put("group.instance.id", "two");
        Member a = new Member(topic, config).subscribe(List.of(topic));
        settle(4, 4, a);
        try (Member b = new Member(topic, other).subscribe(List.of(topic))) {
            settle(4, 2, a, b);
            int before = b.revoked.get();
            Set<TopicPartition> had = new HashSet<>(a.owned);
            a.close(); // a static member stays in the group
            try (Member again = new Member(topic, config).subscribe(List.of(topic))) {
                settle(4, 2, again, b);
                equal(had, new HashSet<>(again.owned));
                equal(before, b.revoked.get());
            }
        }
    }

    private void upgrade() throws Exception {
        create("upgrade", 4);
        Map<String, Object> classic = Map.of("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
        Map<String, Object> consumer = Map.of("group.protocol", "consumer");
        try (Member a = new Member("upgrade", classic).subscribe(List.of("upgrade"))) {
            settle(4, 4, a);
            // A group that runs does not change its protocol here.
            Member refused = new Member("upgrade", consumer).subscribe(List.of("upgrade"));
            refused.thread.join();
            is(refused.failure instanceof InconsistentGroupProtocolException, "joined, or failed with " + refused.failure);
            settle(4, 4, a);
        }
        try (Member b = new Member("upgrade", consumer).subscribe(List.of("upgrade"))) {
            settle(4, 4, b);
        }
        try (Member a = new Member("upgrade", classic).subscribe(List.of("upgrade"))) {
            settle(4, 4, a);
        }
    }

    private void brokerPattern() throws Exception {
        create("re2.a", 1);
        create("re2.b", 2);
        create("other.re2", 1);
        Member m = new Member("re2", Map.of("group.protocol", "consumer"));
        m.consumer.subscribe(new SubscriptionPattern("re2\\..*"), m);
        m.thread.start();
        try (m) {
            settle(3, 3, m);
            is(m.owned.stream().allMatch(p -> p.topic().startsWith("re2.")), "owns " + m.owned);
            create("re2.c", 1);
            settle(4, 4, m);
        }
    }

    private void clientPattern(String prefix, Map<String, Object> more) throws Exception {
        create(prefix + ".x.a", 1);
        Member m = new Member(prefix, more);
        m.consumer.subscribe(Pattern.compile(prefix.replace(".", "\\.") + "\\.x\\..*"), m);
        m.thread.start();
        try (m) {
            settle(1, 1, m);
            create(prefix + ".x.b", 2);
            settle(3, 3, m);
        }
    }

    private void newPartitions() throws Exception {
        create("grow", 3);
        try (Member m = new Member("grow", Map.of()).subscribe(List.of("grow")); Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            settle(3, 3, m);
            admin.createPartitions(Map.of("grow", NewPartitions.increaseTo(5))).all().get();
            settle(5, 5, m);
        }
    }
}
