# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What the drivers in Python share: clocks, dumps, the command line. DRIVER WORKLOAD IN OUT, as ours.c."""
import os
import statistics
import sys
import time

RUNS = 9
THREADS = int(os.environ.get("BENCH_THREADS") or os.cpu_count())


def places(width, height, n=10000):
    """The places that measure_place in measure.h visits."""
    seed = 1
    for _ in range(n):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        x = (seed >> 8) % width
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        yield x, (seed >> 8) % height


def measured(call):
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3, result


def main(peer, version, works, kernels, memory=()):
    """`works` are functions of the folders; `kernels` makes a table of functions without arguments from the folder of inputs, and each
    gives bytes to dump through its second entry; `memory` is a table of what makes one such function of that folder."""
    if sys.argv[1:] == ["version"]:
        print(version)
        sys.exit(0)
    if len(sys.argv) != 4:
        sys.exit(2)
    name, folder, out = sys.argv[1:]
    if name in works:
        wall, cpu, _ = measured(lambda: works[name](folder, out))
    elif name.startswith("k-"):
        table, to_bytes = kernels(folder)
        if name not in table:
            sys.exit(2)
        table[name]()
        times = [measured(table[name]) for _ in range(RUNS)]
        wall, cpu = (statistics.median(t[i] for t in times) for i in (0, 1))
        with open(f"{out}/{peer}.{name}.raw", "wb") as f:
            f.write(to_bytes(times[-1][2]))
    elif name in memory:
        wall, cpu, _ = measured(memory[name](folder))
    else:
        sys.exit(2)
    print(f"ms {wall:.2f} cpu {cpu:.2f}", flush=True)
