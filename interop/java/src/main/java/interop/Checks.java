package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Prints what was checked, one line each, for the Go test that started the program: "ok name" or "not ok name: why", and "done" at the end. */
final class Checks {
    interface Body {
        void run() throws Exception;
    }

    private static final List<Thread> STARTED = new ArrayList<>(); // by the main thread only

    private Checks() {
    }

    static void check(String name, Body body) {
        try {
            body.run();
            say("ok " + name);
        } catch (Throwable t) {
            StringBuilder why = new StringBuilder();
            for (Throwable c = t; c != null; c = c.getCause()) {
                why.append(why.length() == 0 ? "" : " caused by ").append(c);
            }
            StackTraceElement[] trace = t.getStackTrace();
            for (StackTraceElement e : trace) {
                if (e.getClassName().startsWith("interop.") && !e.getClassName().equals("interop.Checks")) {
                    why.append(" at ").append(e.getFileName()).append(':').append(e.getLineNumber());
                    break;
                }
            }
            say("not ok " + name + ": " + why.toString().replace('\n', ' '));
        }
    }

    /** A check of its own thread; done waits for it. */
    static void start(String name, Body body) {
        Thread thread = new Thread(() -> check(name, body));
        STARTED.add(thread);
        thread.start();
    }

    private static synchronized void say(String line) {
        System.out.println(line);
    }

    static void done() throws InterruptedException {
        for (Thread thread : STARTED) {
            thread.join();
        }
        say("done");
        System.out.flush();
    }

    static void equal(Object want, Object got) {
        if (!Objects.equals(want, got)) {
            throw new AssertionError("want " + want + ", got " + got);
        }
    }

    static void is(boolean ok, String what) {
        if (!ok) {
            throw new AssertionError(what);
        }
    }
}
