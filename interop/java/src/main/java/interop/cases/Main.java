package interop.cases;

import java.nio.file.Path;
import java.util.TimeZone;

/** Draws cases and writes what Java makes of them: java interop.cases.Main KIND SEED COUNT FILE. */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        Draw draw = new Draw(Long.parseLong(args[1]));
        int n = Integer.parseInt(args[2]);
        try (Output out = new Output(Path.of(args[3]))) {
            switch (args[0]) {
                case "converters":
                    new ConverterCases(draw, out).run(n);
                    break;
                case "transforms":
                    new TransformCases(draw, out).run(n);
                    break;
                case "predicates":
                    new PredicateCases(draw, out).run(n);
                    break;
                case "debezium":
                    new DebeziumCases(draw, out).run(n);
                    break;
                case "avro":
                    new AvroCases(draw, out).run(n);
                    break;
                default:
                    throw new IllegalArgumentException(args[0]);
            }
        }
    }
}
