package interop.cases;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** One case a line. */
final class Output implements Closeable {
    interface Body {
        void run(ObjectNode result) throws Exception;
    }

    private final BufferedWriter writer;

    Output(Path path) throws IOException {
        writer = Files.newBufferedWriter(path, StandardCharsets.UTF_8);
    }

    /** Writes a case with what the body made of it, or with the exception that it threw. */
    void add(ObjectNode c, Body body) throws IOException {
        ObjectNode result = Neutral.object();
        try {
            body.run(result);
            c.set("result", result);
        } catch (Exception | StackOverflowError e) {
            c.set("error", Neutral.error(e));
        }
        String line = Neutral.MAPPER.writeValueAsString(c);
        if (StandardCharsets.UTF_8.newEncoder().canEncode(line)) { // half a surrogate pair cannot be told to others
            writer.write(line);
            writer.newLine();
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
