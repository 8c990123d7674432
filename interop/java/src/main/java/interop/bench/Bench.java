package interop.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Measures Java's converters and transformations on one thread: java interop.bench.Bench PLAN. A line of the output is a job, its rows by
 * second of CPU time, and what it made of a row. CPU time is that of the whole process: collector and compilers cost as well.
 */
public final class Bench {
    private static final int BATCH = 100;
    private static final long WARM_UP = 500_000_000L;
    private static final long WINDOW = 200_000_000L;
    private static final int WINDOWS = 3;
    private static final OperatingSystemMXBean OS = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static volatile Object sink; // so that nothing is optimised away

    /** What is done for one row; it returns what it made. */
    interface Job {
        Object run() throws Exception;
    }

    static final class Named {
        final String name;
        final Job job;

        Named(String name, Job job) {
            this.name = name;
            this.job = job;
        }
    }

    private Bench() {
    }

    public static void main(String[] args) throws Exception {
        JsonNode plan = new ObjectMapper().readTree(new File(args[0]));
        List<Named> jobs = new ArrayList<>();
        for (Rows rows : Rows.all()) {
            Jobs.add(jobs, rows, plan.get(rows.name));
        }
        for (Named n : jobs) {
            window(n.job, WARM_UP);
        }
        for (Named n : jobs) {
            double best = 0;
            for (int i = 0; i < WINDOWS; i++) {
                best = Math.max(best, window(n.job, WINDOW));
            }
            Object made = n.job.run();
            System.out.printf("%s\t%.0f\t%s%n", n.name, best, made instanceof byte[] ? Base64.getEncoder().encodeToString((byte[]) made) : "");
        }
    }

    /** Runs a job for a while and returns its rows by second of CPU time. */
    private static double window(Job job, long span) throws Exception {
        long cpu = OS.getProcessCpuTime();
        long end = System.nanoTime() + span;
        long rows = 0;
        while (System.nanoTime() < end) {
            for (int i = 0; i < BATCH; i++) {
                sink = job.run();
            }
            rows += BATCH;
        }
        return rows * 1e9 / (OS.getProcessCpuTime() - cpu);
    }
}
