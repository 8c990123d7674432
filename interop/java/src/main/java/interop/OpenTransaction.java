package interop;

import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Leaves a transaction open until its standard input ends, so that the tools have something to look at. Arguments: bootstrap servers, topic, transactional id. */
public final class OpenTransaction {
    private OpenTransaction() {
    }

    public static void main(String[] args) throws Exception {
        KafkaProducer<String, String> producer = new KafkaProducer<>(
            Map.of("bootstrap.servers", args[0], "transactional.id", args[2], "transaction.timeout.ms", 600000), new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(args[1], 0, "k", "open")).get();
        System.out.println("open");
        System.out.flush();
        while (System.in.read() >= 0) {
            continue;
        }
        Runtime.getRuntime().halt(0); // as a producer that crashed
    }
}
