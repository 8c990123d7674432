package interop;

import java.io.File;
import java.util.jar.JarFile;

/** Loads the classes of the jars whose names start with an argument, so that -XX:ArchiveClassesAtExit keeps them ready: a tool then starts in half the time. */
public final class Archive {
    private Archive() {
    }

    public static void main(String[] args) throws Exception {
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
            String file = new File(path).getName();
            boolean wanted = false;
            for (String prefix : args) {
                wanted |= file.startsWith(prefix);
            }
            if (!wanted) {
                continue;
            }
            try (JarFile jar = new JarFile(path)) {
                jar.stream().map(e -> e.getName()).filter(n -> n.endsWith(".class") && !n.startsWith("META-INF/")).forEach(Archive::load);
            }
        }
    }

    private static void load(String entry) {
        String name = entry.substring(0, entry.length() - ".class".length()).replace('/', '.');
        try {
            Class.forName(name, false, Archive.class.getClassLoader());
        } catch (LinkageError | ClassNotFoundException optional) {
            return; // it needs a library that is not here
        }
    }
}
