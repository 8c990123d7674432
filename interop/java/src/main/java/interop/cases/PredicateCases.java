package interop.cases;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/** What Apache Kafka's predicates say of records. */
final class PredicateCases {
    private static final String PACKAGE = "org.apache.kafka.connect.transforms.predicates.";
    private final Draw draw;
    private final Output out;

    PredicateCases(Draw draw, Output out) {
        this.draw = draw;
        this.out = out;
    }

    void run(int n) throws IOException {
        for (int i = 0; i < n; i++) {
            Map<String, String> config = new TreeMap<>();
            switch (i % 3) {
                case 0:
                    config.put("name", draw.of("h1", "h2", "h3", ""));
                    test("HasHeaderKey", config);
                    break;
                case 1:
                    config.put("pattern", draw.of(".*", "orders", "srv\\..*", "(?i)ORDERS", "[a-z.]+", "orders|lines", "\\w+", "(", "", "o\\Qrder\\Es", "(?<n>o).*\\k<n>?rders"));
                    test("TopicNameMatches", config);
                    break;
                default:
                    test("RecordIsTombstone", config);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private void test(String name, Map<String, String> config) throws IOException {
        ConnectHeaders headers = new ConnectHeaders();
        for (int i = draw.upTo(3); i > 0; i--) {
            headers.add(draw.of("h1", "h2"), new SchemaAndValue(Schema.STRING_SCHEMA, draw.string()));
        }
        SourceRecord record = new SourceRecord(Map.of("p", "1"), Map.of("o", 1), draw.of("orders", "lines", "srv.orders", "Orders_2"), null, null, null, Schema.OPTIONAL_STRING_SCHEMA,
            draw.oneIn(2) ? null : draw.string(), null, headers);
        ObjectNode c = ConverterCases.about("predicate", PACKAGE + name, config);
        TransformCases.describe(c.putObject("record"), record);
        out.add(c, r -> {
            try (Predicate<SourceRecord> p = (Predicate<SourceRecord>) Class.forName(PACKAGE + name).getDeclaredConstructor().newInstance()) {
                p.configure(config);
                r.put("holds", p.test(record));
            }
        });
    }
}
