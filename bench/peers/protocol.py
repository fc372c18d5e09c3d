"""What README.md says is spoken, for peers in Python."""
import sys
import time


class Cannot(Exception):
    """The library has no such case."""


def missing(why):
    print("missing", why, flush=True)
    sys.exit(0)


def serve(version, prepare):
    """prepare(task, cell, H, B, T, I) returns what to call, or raises Cannot."""
    print("ready", version, flush=True)
    call = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "case":
            call = None
            try:
                call = prepare(words[1], words[2], *map(int, words[3:7]))
                print("ok", flush=True)
            except Cannot as why:
                print(why, flush=True)
        elif words[0] == "run":
            times = int(words[1])
            begin = time.perf_counter()
            for _ in range(times):
                call()
            print((time.perf_counter() - begin) / times, flush=True)
