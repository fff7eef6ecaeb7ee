# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What ./dev bench runs: our driver and the peers' side by side, on the same inputs.

    ./dev bench                      everything
    ./dev bench w2 k-resize          these workloads
    ./dev bench --rounds 9 w2        more rounds
    ./dev bench --only libvips w2    against these peers alone; the figures are not kept
    ./dev bench --write              docs/performance.md anew, from the last figures of every workload

Every round starts every peer once, in turn, so that a drift of the machine hits all alike; round 0 warms up and does not count. A peer that
took five times as long as the fastest then is run in two rounds only. Of the rounds the medians count: wall clock, processor time and peak
memory of the whole process, and what the driver says the work took in it ("ms X cpu Y"). Kernels (k-…), patches, inserts and layers run on one thread from
memory to memory; of them processor time counts, which other work on the machine hardly changes. Afterwards our pixels are compared with the
peers'. The figures are kept in out/bench/results.json.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys

import compare
import report

# Results allocated again and again come from memory that is there already, not from new pages of the system's: kernels are compared, and some
# peers cannot fill a buffer of the caller's.
WARM = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000"}
FIELDS = ("wall", "inside", "cpu", "mb", "inside_cpu")
HERE = os.path.dirname(os.path.abspath(__file__))


def peers(build, npm):
    """Name, command, environment. A driver that cannot say its version is not there."""
    return {
        "ours": ([build + "/bench/kal-ours"], {}),
        "kal run": ([build + "/cli/kal"], {}),
        "libvips": ([build + "/bench/kal-peer-vips"], {}),
        "sharp": (["node", HERE + "/peers/sharp.cjs"], {"NODE_PATH": npm + "/node_modules"}),
        "Pillow": ([sys.executable, HERE + "/peers/pillow.py"], {}),
        "OpenCV": ([sys.executable, HERE + "/peers/opencv.py"], {}),
        "NumPy": ([sys.executable, HERE + "/peers/arrays.py"], {}),
        "zimg": ([build + "/bench/kal-peer-zimg"], {}),
        "GraphicsMagick": (["gm"], {}),
        "heif-convert": (["heif-convert"], {}),
    }


# Command lines that can do a workload too; the files come in and go out under the names of this table.
TOOLS = {
    ("GraphicsMagick", "w1"): "convert -size 512x512 {i}/p12.jpg -thumbnail 256x256 -quality 85 {o}/gm.jpg",
    ("GraphicsMagick", "w2"): "convert {i}/p12.jpg -filter Lanczos -resize 50% -quality 85 {o}/gm.jpg",
    ("GraphicsMagick", "w6"): "convert {i}/p12.jpg -background black -rotate -33 -quality 85 {o}/gm.jpg",
    ("heif-convert", "w9"): "-q 85 {i}/p12.heic {o}/heif-convert.jpg",   # whole size: a decode and an encode
}
VERSIONS = {"kal run": ["version"], "GraphicsMagick": ["version"], "heif-convert": ["--help"]}


def version(command, env, arguments):
    try:
        done = subprocess.run(command + arguments, env={**os.environ, **env}, capture_output=True, text=True, timeout=60)
    except OSError as e:
        return None, e.strerror
    said = " ".join((done.stdout or done.stderr).strip().split("\n")[0].split()[:4]).rstrip(".")
    why = re.search(r"^.*(Error|error|cannot).*$", done.stderr, re.M)
    return (said, "") if done.returncode == 0 else (None, why[0] if why else f"exit code {done.returncode}")


def arguments(peer, work, ours, i, o):
    """What comes after the command; None when the peer cannot do the workload."""
    if peer == "kal run":
        if work == "w8":
            small = sorted(f"{i}/small/{f}" for f in os.listdir(i + "/small"))
            return ["run", "-q", "--no-memo", "in | thumbnail 512", *small, "-o", o + "/kal-{stem}.jpg", "--encode", "quality=85"]
        text = subprocess.run(ours + ["text", work, i, o], capture_output=True, text=True)
        return ["run", "-q", text.stdout.strip()] if text.returncode == 0 else None
    if peer in ("GraphicsMagick", "heif-convert"):
        line = TOOLS.get((peer, work))
        return line and [part.format(i=i, o=o) for part in line.split()]
    return [work, i, o]


def once(spawn, command, env):
    """Exit code and (wall, in process, processor time, MB, processor time in process) of one run."""
    done = subprocess.run([spawn, *command], env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    took = re.search(r"^spawn ([\d.]+) ([\d.]+) (\d+) (\d+)$", done.stdout, re.M)
    inside = re.search(r"^ms ([\d.]+) cpu ([\d.]+)$", done.stdout, re.M)
    if not took:
        return done.returncode or 1, None
    wall, cpu, kb = (float(n) for n in took.groups()[:3])
    inside, inside_cpu = (float(n) for n in inside.groups()) if inside else (None, None)
    return int(took[4]), (wall, inside, cpu, kb / 1024, inside_cpu)


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def measure(work, there, a):
    """Medians by peer."""
    kernel = report.is_kernel(work)
    threads = "1" if kernel else str(os.cpu_count())
    common = {"BENCH_THREADS": threads, "VIPS_CONCURRENCY": threads}
    if kernel:
        common |= WARM
    ours = there["ours"][0]
    runs, left = {}, {}
    for peer, (command, env) in there.items():
        rest = arguments(peer, work, ours, a.inputs, a.out)
        if rest:
            runs[peer] = (command + rest, {**common, **env})
    rows = {peer: [] for peer in runs}
    for n in range(a.rounds + 1):
        for peer, (command, env) in list(runs.items()):
            code, row = once(a.build + "/bench/kal-spawn", command, env)
            if code:
                if code != 2:
                    print(f"{work}: {peer} failed with {code}: {' '.join(command)}", file=sys.stderr)
                    if peer in ("ours", "kal run"):
                        sys.exit(1)
                del runs[peer], rows[peer]
            elif n == 0:
                left[peer] = row[1] or row[0]
            else:
                rows[peer].append(row)
        if n == 0:
            slow = {p for p, ms in left.items() if ms > 5 * min(left.values())}
        if n == 2:
            runs = {p: r for p, r in runs.items() if p not in slow}
    return {
        peer: dict(zip(FIELDS, (median(c) for c in zip(*r)))) | {"rounds": len(r)}
        for peer, r in rows.items()
        if r
    }


def floors(build, inputs):
    said = subprocess.run([build + "/bench/kal-floors", inputs], capture_output=True, text=True, check=True)
    return {name: float(ms) for name, ms in (line.split() for line in said.stdout.splitlines())}


def main():
    p = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--only", default="", help="names of peers, with commas between")
    p.add_argument("--write", action="store_true", help="write docs/performance.md anew")
    p.add_argument("--build", required=True, help=argparse.SUPPRESS)
    p.add_argument("--inputs", required=True, help=argparse.SUPPRESS)
    p.add_argument("--npm", default="", help=argparse.SUPPRESS)
    p.add_argument("--out", default="out/bench", help=argparse.SUPPRESS)
    p.add_argument("works", nargs="*", metavar="WORKLOAD")
    a = p.parse_args()
    unknown = [w for w in a.works if w not in report.WORKS]
    if unknown:
        p.error(f"no workload {unknown[0]}; there are {' '.join(report.WORKS)}")
    os.makedirs(a.out, exist_ok=True)
    kept = a.out + "/results.json"
    results = json.load(open(kept)) if os.path.exists(kept) else {"works": {}, "floors": {}, "versions": {}}

    there = {}
    for peer, (command, env) in peers(a.build, a.npm).items():
        if a.only and peer not in ["ours", *a.only.split(",")]:
            continue
        said, why = version(command, env, VERSIONS.get(peer, ["version"]))
        if said is None:
            print(f"{peer} is not measured: {why}", file=sys.stderr)
        else:
            there[peer] = (command, env)
            results["versions"][peer] = said
    if not a.write or a.works:
        print("floors …", file=sys.stderr)
        results["floors"] = floors(a.build, a.inputs)
    # Kernels come first: the workloads' limits are made of the best.
    todo = a.works or ([] if a.write else sorted(report.WORKS, key=lambda w: not w.startswith("k-")))
    for work in todo:
        peers_of = measure(work, there, a)
        results["works"][work] = {"peers": peers_of, "differences": compare.differences(work, a.out, peers_of)}
        results["machine"] = report.machine()
        if not a.only:
            with open(kept + ".part", "w") as f:
                json.dump(results, f, indent=1)
            os.replace(kept + ".part", kept)
        print(report.text(work, results), flush=True)
    if a.write:
        report.write(os.path.join(HERE, "../docs/performance.md"), results)


main()
