#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# What finding a result again costs, and what a kill leaves behind: our folder (kal-bench view) beside joblib.Memory and diskcache, on a
# result of 12 megapixels, in turn. memo.py KAL-BENCH KAL [ROUNDS]
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import numpy


def work(seed, sigma):
    """36 MB, and nothing more: what is measured is finding it again."""
    return numpy.random.RandomState(seed).randint(0, 255, (3000, 4000, 3), dtype=numpy.uint8)


def with_joblib(folder, mmap):
    import joblib
    return joblib.Memory(folder, mmap_mode=mmap, verbose=0).cache(work)


def with_diskcache(folder):
    import diskcache
    return diskcache.Cache(folder, size_limit=1 << 36).memoize()(work)


def touched(array):
    """As whoever uses it: every page is there."""
    return int(array[::64, ::1365].sum())


def hit(call):
    start = time.perf_counter()
    touched(call(1, 3.0))
    return (time.perf_counter() - start) * 1e3


def ours(bench):
    text = subprocess.run([bench, "view"], capture_output=True, text=True, check=True).stdout
    return {name: float(re.search(pattern + r"\s+([0-9.]+)", text).group(1)) for name, pattern in
            (("in memory, us", "hit in memory"), ("a tile of it, us", "256x256 of it"), ("in a folder, ms", "found in a folder"))}


def files_under(folder):
    return {os.path.join(at, name) for at, _, names in os.walk(folder) for name in names}


def killed(name, kills):
    """A process is killed while it writes, many times: files that belong to no result, and results that are wrong or raise."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(kills):
            child = subprocess.Popen([sys.executable, __file__, "--write", name, folder, str(i)], stdout=subprocess.PIPE)
            child.stdout.read(1)
            time.sleep(random.Random(i).uniform(0, 0.06))
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdout.close()
        call = calls(name, folder)
        for i in range(kills):
            try:
                wrong += not numpy.array_equal(call(i, 3.0), work(i, 3.0))
            except Exception as error:   # whatever it raises: the result was there to be had
                print(f"  {name}: {type(error).__name__}: {error}")
                wrong += 1
        sizes = sum(os.path.getsize(f) for f in files_under(folder))
        return wrong, sizes - kills * 36_000_000


def calls(name, folder):
    if name == "diskcache":
        return with_diskcache(folder)
    return with_joblib(folder, "r" if name == "joblib, mapped" else None)


def main():
    if sys.argv[1] == "--write":
        call = calls(sys.argv[2], sys.argv[3])
        sys.stdout.write("x")
        sys.stdout.flush()
        call(int(sys.argv[4]), 3.0)
        return
    bench, rounds = sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else 5
    names = ("joblib", "joblib, mapped", "diskcache")
    times = {name: [] for name in names}
    figures = {}
    folders = {name: tempfile.mkdtemp() for name in names}
    found = {name: calls(name, folders[name]) for name in names}
    for name in names:
        found[name](1, 3.0)
    for _ in range(rounds):
        for key, value in ours(bench).items():
            figures.setdefault(key, []).append(value)
        for name in names:
            times[name].append(hit(found[name]))
    for key, values in figures.items():
        print(f"ours, {key:24} {statistics.median(values):9.2f}")
    for name in names:
        print(f"{name + ', found again, ms':30}{statistics.median(times[name]):9.2f}")
        shutil.rmtree(folders[name])
    for name in ("joblib", "diskcache"):
        wrong, more = killed(name, 30)
        print(f"{name}, killed 30 times while it wrote: {wrong} wrong or raised, {more / 1e6:.1f} MB that belong to nothing")
    print("ours, killed: tests/base/store.c")


if __name__ == "__main__":
    main()
