package interop;

/** Prints what was checked, one line each, for the Go test that started the program: "ok name" or "not ok name: why", and "done" at the end. */
final class Checks {
    interface Body {
        void run() throws Exception;
    }

    private Checks() {
    }

    static void check(String name, Body body) {
        try {
            body.run();
            System.out.println("ok " + name);
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
            System.out.println("not ok " + name + ": " + why.toString().replace('\n', ' '));
        }
    }

    static void done() {
        System.out.println("done");
        System.out.flush();
    }

    static void equal(Object want, Object got) {
        if (!java.util.Objects.equals(want, got)) {
            throw new AssertionError("want " + want + ", got " + got);
        }
    }

    static void is(boolean ok, String what) {
        if (!ok) {
            throw new AssertionError(what);
        }
    }
}
