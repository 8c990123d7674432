"""Prints what was checked, one line each, for the Go test that started the program."""

import sys
import threading
import traceback

_lock = threading.Lock()


def _say(line):
    with _lock:
        print(line, flush=True)


def check(name, body):
    try:
        body()
        _say(f"ok {name}")
    except Exception as e:
        frame = traceback.extract_tb(e.__traceback__)[-1]
        _say(f"not ok {name}: {type(e).__name__} {e} at line {frame.lineno}".replace("\n", " "))


def run(checks):
    """Runs the checks, each on a thread of its own."""
    threads = [threading.Thread(target=check, args=c) for c in checks]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    _say("done")
    sys.stdout.flush()


def equal(want, got):
    if want != got:
        raise AssertionError(f"want {want!r}, got {got!r}")
