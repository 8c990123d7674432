package interop;

import static interop.Checks.equal;
import static interop.Checks.is;
import static interop.Checks.start;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Who may come in and what they may do. Arguments: the addresses of the plaintext, SASL_SSL, SASL_PLAINTEXT and mutual TLS listeners, the CA's and the client's PEM file. */
public final class Security {
    private final String[] args;

    private Security(String[] args) {
        this.args = args;
    }

    public static void main(String[] args) throws Exception {
        Security s = new Security(args);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            admin.createTopics(List.of(new NewTopic("closed", 1, (short) 1))).all().get();
        }
        start("SCRAM-SHA-256 over TLS", () -> s.roundTrip("open.256", s.sasl(1, "SCRAM-SHA-256", "scram256", "secret")));
        start("SCRAM-SHA-512 over TLS", () -> s.roundTrip("open.512", s.sasl(1, "SCRAM-SHA-512", "scram512", "secret")));
        start("PLAIN over TLS", () -> s.roundTrip("open.plain", s.sasl(1, "PLAIN", "carl", "carl-secret")));
        start("SCRAM-SHA-512 without TLS", () -> s.roundTrip("open.clear", s.sasl(2, "SCRAM-SHA-512", "scram512", "secret")));
        start("mutual TLS", () -> s.roundTrip("open.mutual", s.mutual(true)));
        start("SCRAM with a wrong password", () -> s.refused(SaslAuthenticationException.class, s.sasl(1, "SCRAM-SHA-256", "scram256", "wrong")));
        start("SCRAM with an unknown user", () -> s.refused(SaslAuthenticationException.class, s.sasl(1, "SCRAM-SHA-512", "nobody", "secret")));
        start("SCRAM with the other mechanism's user", () -> s.refused(SaslAuthenticationException.class, s.sasl(1, "SCRAM-SHA-512", "scram256", "secret")));
        start("PLAIN with a wrong password", () -> s.refused(SaslAuthenticationException.class, s.sasl(1, "PLAIN", "carl", "wrong")));
        start("mutual TLS without a certificate", () -> s.refused(SslAuthenticationException.class, s.mutual(false)));
        start("topic that the ACLs do not open", s::closedTopic);
        start("group that the ACLs do not open", s::closedGroup);
        start("transactional id that the ACLs do not open", s::closedTransaction);
        Checks.done();
    }

    private Map<String, Object> sasl(int listener, String mechanism, String user, String password) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", args[listener]);
        config.put("security.protocol", listener == 1 ? "SASL_SSL" : "SASL_PLAINTEXT");
        config.put("sasl.mechanism", mechanism);
        String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
        config.put("sasl.jaas.config", "org.apache.kafka.common.security." + module + " required username=\"" + user + "\" password=\"" + password + "\";");
        if (listener == 1) {
            config.put("ssl.truststore.type", "PEM");
            config.put("ssl.truststore.location", args[4]);
        }
        return config;
    }

    private Map<String, Object> mutual(boolean certificate) {
        Map<String, Object> config = new HashMap<>(
            Map.of("bootstrap.servers", args[3], "security.protocol", "SSL", "ssl.truststore.type", "PEM", "ssl.truststore.location", args[4]));
        if (certificate) {
            config.put("ssl.keystore.type", "PEM");
            config.put("ssl.keystore.location", args[5]);
        }
        return config;
    }

    private static KafkaProducer<String, String> producer(Map<String, Object> config) {
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private static KafkaConsumer<String, String> consumer(Map<String, Object> config, String group) {
        Map<String, Object> all = new HashMap<>(config);
        all.put("group.id", group);
        all.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    /** Creates a topic, writes with a transaction, reads in a group. */
    private void roundTrip(String name, Map<String, Object> config) throws Exception {
        try (Admin admin = Admin.create(config)) {
            admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get();
        }
        Map<String, Object> transactional = new HashMap<>(config);
        transactional.put("transactional.id", name);
        try (KafkaProducer<String, String> p = producer(transactional)) {
            p.initTransactions();
            p.beginTransaction();
            for (int i = 0; i < 10; i++) {
                p.send(new ProducerRecord<>(name, "v" + i));
            }
            p.commitTransaction();
        }
        try (KafkaConsumer<String, String> c = consumer(config, name)) {
            c.subscribe(List.of(name));
            int n = 0;
            for (long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos(); n < 10 && System.nanoTime() < deadline;) {
                ConsumerRecords<String, String> records = c.poll(Duration.ofMillis(100));
                n += records.count();
            }
            equal(10, n);
            c.commitSync();
        }
    }

    private void refused(Class<? extends Throwable> want, Map<String, Object> config) throws Exception {
        try (Admin admin = Admin.create(config)) {
            admin.listTopics().names().get();
            throw new AssertionError("let in");
        } catch (ExecutionException e) {
            is(want.isInstance(e.getCause()), "want " + want.getSimpleName() + ", got " + e.getCause());
        }
    }

    private Map<String, Object> carl() {
        return sasl(1, "PLAIN", "carl", "carl-secret");
    }

    private void closedTopic() throws Exception {
        try (KafkaProducer<String, String> p = producer(carl())) {
            p.send(new ProducerRecord<>("closed", "x")).get();
            throw new AssertionError("written");
        } catch (ExecutionException e) {
            is(e.getCause() instanceof TopicAuthorizationException, "got " + e.getCause());
        }
        try (KafkaConsumer<String, String> c = consumer(carl(), "open.g")) {
            c.subscribe(List.of("closed"));
            for (int i = 0; i < 100; i++) {
                c.poll(Duration.ofMillis(100));
            }
            throw new AssertionError("polled without an error");
        } catch (TopicAuthorizationException e) {
            equal(java.util.Set.of("closed"), e.unauthorizedTopics());
        }
        try (Admin admin = Admin.create(carl())) {
            is(!admin.listTopics().names().get().contains("closed"), "the closed topic is listed");
        }
    }

    private void closedGroup() throws Exception {
        try (Admin admin = Admin.create(carl())) {
            admin.createTopics(List.of(new NewTopic("open.closedgroup", 1, (short) 1))).all().get();
        }
        try (KafkaConsumer<String, String> c = consumer(carl(), "closed")) {
            c.subscribe(List.of("open.closedgroup"));
            for (int i = 0; i < 100; i++) {
                c.poll(Duration.ofMillis(100));
            }
            throw new AssertionError("joined");
        } catch (GroupAuthorizationException e) {
            equal("closed", e.groupId());
        }
    }

    private void closedTransaction() throws Exception {
        Map<String, Object> config = carl();
        config.put("transactional.id", "closed");
        try (KafkaProducer<String, String> p = producer(config)) {
            p.initTransactions();
            throw new AssertionError("initialized");
        } catch (TransactionalIdAuthorizationException e) {
            is(true, "refused");
        }
    }
}
