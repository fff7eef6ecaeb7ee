# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""The workloads, the limits of each, and the figures as text and as docs/performance.md."""
import os
import re

import compare


def limit(decode, kernel, encode):
    """Decoding, the kernel and encoding laid side by side on all processors as well as can be; a coder of one stream runs on one."""
    return max(decode, encode, (decode + kernel + encode) / os.cpu_count())


# Title, and the limit: from the floors `f` and the best kernel `k` there is, ours among them (0 when it was not measured).
WORKS = {
    "w1": ("12 MP JPEG → 256 px", lambda f, k: f["decode:p12.jpg/8"]),
    "w2": ("12 MP JPEG → half, Lanczos3", lambda f, k: limit(f["decode:p12.jpg/1"], k("k-resize"), f["encode:p12.jpg/2"])),
    "w3": (
        "100 MP JPEG: crop, gaussian 3, uncrop",
        lambda f, k: limit(f["decode:p100.jpg/1"], k("k-gauss") * 3800 * 2700 / 12e6, f["encode:p100.jpg/1"]),
    ),
    "w4-6": (
        "100 MP PNG → quarter → PNG, level 6",
        lambda f, k: limit(f["decode:p100.png"], k("k-resize25") * 8.5, f["deflate-6"]),
    ),
    "w4-1": ("the same, level 1", lambda f, k: limit(f["decode:p100.png"], k("k-resize25") * 8.5, f["deflate-1"])),
    "w5": ("100 MP PPM, 20 point ops", lambda f, k: f["copy:p100.ppm"]),
    "w6": ("12 MP JPEG, rotated by 33°", lambda f, k: limit(f["decode:p12.jpg/1"], k("k-rotate"), f["encode:p12.jpg/1"])),
    "w8": ("200 JPEGs of 1–2 MP → 512 px", lambda f, k: (f["decode:small/2"] + f["encode:small"]) / os.cpu_count()),
    "w9": ("12 MP HEIC → 1024 px", lambda f, k: f["decode:p12.heic"]),
    "w11": (
        "4 MP RGBA PNG → half, over white",
        lambda f, k: limit(f["decode:a4.png"], k("k-resize") * 4 / 3 * 4.2 / 12, f["encode:p12.jpg/2"] / 3),
    ),
    "k-resize": ("half, Lanczos3", None),
    "k-resize25": ("quarter, Lanczos3", None),
    "k-gauss": ("gaussian 3", None),
    "k-rotate": ("rotate 33°, bilinear", None),
    "k-gray": ("RGB → gray", None),
    "k-thresh": ("threshold, one channel", None),
    "k-over": ("RGBA over RGBA", None),
    "k-invert": ("invert", None),
    "k-chain20": ("20 point ops", None),
    "k-float20": ("20 point ops on floats", None),
    "k-perspective": ("perspective, bilinear", None),
    "k-remap": ("remap, bilinear", None),
    "k-erode": ("erode 15 × 15, one channel", None),
    "k-ellipse": ("erode, ellipse of 15 × 15", None),
    "k-equalize": ("equalize, one channel", None),
    "k-clahe": ("CLAHE 8 × 8, one channel", None),
    "k-components": ("connected components", None),
    "k-boxes": ("boxes of the components", None),
    "k-polygons": ("outlines of a mask", None),
    "k-distance": ("distance transform", None),
    "k-median5": ("median 5 × 5", None),
    "k-canny": ("Canny, one channel", None),
    "k-lab": ("RGB → Lab, u8", None),
    "k-layers50": ("50 layers of 512×384 on 12 MP", None),
    "inserts-1k": ("1 000 inserts of 32×32 into 100 MP, one on the other", None),
    "inserts-2k": ("2 000 inserts", None),
    "inserts-4k": ("4 000 inserts", None),
    "inserts-8k": ("8 000 inserts", None),
    "layers-1k": ("1 000 squares of 32×32 on 100 MP by layers of 255", None),
    "layers-2k": ("2 000 by layers", None),
    "layers-4k": ("4 000 by layers", None),
    "layers-8k": ("8 000 by layers", None),
    "patches": ("10 000 patches of 64×64 of 100 MP", None),
}
OURS = ("ours", "kal run")


def is_kernel(work):
    return WORKS[work][1] is None


def took(work):
    """What a work is judged by: processor time of a kernel, which has one thread; the clock for the rest."""
    return "inside_cpu" if is_kernel(work) else "inside"


def rivals(work, results):
    return {p: v for p, v in results["works"][work]["peers"].items() if p not in OURS}


def best(work, results, field):
    """(peer, value) with the least of a field, of the peers alone; None when there is none."""
    found = [(v[field], p) for p, v in rivals(work, results).items() if v[field] is not None]
    return min(found)[::-1] if found else None


def limit_of(work, results):
    def kernel(k):
        found = [v[took(k)] for v in results["works"].get(k, {"peers": {}})["peers"].values() if v[took(k)]]
        return min(found, default=0)

    f = WORKS[work][1]
    return f(results["floors"], kernel) if f and results["floors"] else None


def ms(value):
    return "–" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def over(mine, theirs):
    return "–" if mine is None or not theirs else f"{mine / theirs:.2f}"


def agreement(work, results):
    """Our pixels and the closest peer's."""
    near = compare.closest(results["works"][work]["differences"])
    if not near:
        return "–"
    peer, most, mean = near
    return f"{mean:.3f} / {most} {peer}" + ("" if compare.agrees(work, mean) else " DIFFERS")


def text(work, results):
    """One workload, for the terminal."""
    entry, top, field = results["works"][work], limit_of(work, results), took(work)
    lines = [f"\n{work}  {WORKS[work][0]}" + (f"   limit {ms(top)} ms" if top else "")]
    if is_kernel(work):
        head, columns = ("ms cpu", "ms wall"), ("inside_cpu", "inside")
    else:
        head, columns = ("in process", "wall ms", "cpu ms", "peak MB"), ("inside", "wall", "cpu", "mb")
    lines.append(f"  {'':16}" + "".join(f"{h:>12}" for h in head) + f"{'bytes':>12}  rounds  mean/max difference")
    for peer, v in sorted(entry["peers"].items(), key=lambda p: p[1][field] or p[1]["wall"]):
        found = entry["differences"].get(peer, {})
        d = found.get("difference", "")
        d = f"{d[0]:.3f} / {d[1]}" if isinstance(d, list) else d
        cells = "".join(f"{ms(v[c]):>12}" for c in columns) + f"{found.get('bytes', ''):>12}"
        lines.append(f"  {peer:16}{cells}  {v['rounds']:6}  {d}")
    mine, rival = entry["peers"].get("ours"), best(work, results, field)
    if mine and rival:
        lines.append(f"  ours / {rival[0]}: {over(mine[field], rival[1])}" + (f"   ours / limit: {over(mine[field], top)}" if top else ""))
    return "\n".join(lines)


def table(header, rows):
    def line(cells):
        return "| " + " | ".join(str(c) for c in cells) + " |"

    return "\n".join([line(header), "|" + "---|" * len(header), *map(line, rows)]) + "\n"


def summary(results, works):
    rows = []
    for w in works:
        entry, top = results["works"][w], limit_of(w, results)
        mine, whole = entry["peers"]["ours"], entry["peers"].get("kal run", {"wall": None, "mb": None})
        fields = ("inside", "inside_cpu", "wall", "mb")
        inside, cpu, wall, lean = (best(w, results, field) or ("", None) for field in fields)
        rows.append(
            [
                f"{w} {WORKS[w][0]}",
                ms(top),
                f"**{ms(mine['inside'])}** = {over(mine['inside'], top)}×",
                f"{ms(inside[1])} {inside[0]}",
                over(mine["inside"], inside[1]),
                f"{ms(mine['inside_cpu'])} : {ms(cpu[1])} {cpu[0]} = {over(mine['inside_cpu'], cpu[1])}",
                f"{ms(whole['wall'])} / {whole['mb']:.0f}" if whole["wall"] else "–",
                f"{ms(wall[1])} {wall[0]}",
                f"{ms(lean[1])} {lean[0]}",
                agreement(w, results),
            ]
        )
    return table(
        [
            "workload",
            "limit",
            "ours, in process",
            "best peer",
            "ours / peer",
            "processor time, ours : least",
            "`kal run`, whole: ms / MB",
            "best whole",
            "leanest, MB",
            "difference: mean / max, closest",
        ],
        rows,
    )


def kernels(results, works):
    names = sorted({p for w in works for p in rivals(w, results)}, key=list(results["versions"]).index)
    rows = []
    for w in works:
        peers, rival = results["works"][w]["peers"], best(w, results, took(w))
        mine = peers["ours"][took(w)]
        cells = [ms(peers[p][took(w)]) if p in peers else "" for p in names]
        rows.append([WORKS[w][0], f"**{ms(mine)}**", *cells, over(mine, rival and rival[1]), agreement(w, results)])
    return table(["kernel", "ours", *names, "ours / best", "difference: mean / max, closest"], rows)


def details(results, works):
    names = sorted({p for w in works for p in results["works"][w]["peers"]}, key=list(results["versions"]).index)
    rows = []
    for w in works:
        peers = results["works"][w]["peers"]
        cells = []
        for p in names:
            v = peers.get(p)
            cells.append(f"{ms(v['wall'])} / {ms(v['inside'])} / {ms(v['cpu'])} / {v['mb']:.0f}" if v else "")
        rows.append([w, *cells])
    return table(["", *names], rows)


def machine():
    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    memory = int(re.search(r"MemTotal:\s*(\d+)", open("/proc/meminfo").read())[1])
    name = cpu[1] if cpu else os.uname().machine
    return f"{os.cpu_count()} × {name}, {memory / 2**20:.0f} GiB, {os.uname().sysname}; load {os.getloadavg()[1]:.1f}"


def write(path, results):
    """The part of the page between its two markers."""
    done = [w for w in WORKS if w in results["works"]]
    whole, small = [w for w in done if not is_kernel(w)], [w for w in done if is_kernel(w)]
    peers = {v: p for p, v in results["versions"].items() if p not in OURS}
    rounds = sorted({v["rounds"] for w in done for v in results["works"][w]["peers"].values()})
    parts = [
        f"Measured on {results['machine']} (above the number of processors, read processor time), "
        f"rounds {rounds[0]} to {rounds[-1]}. " + "; ".join(peers) + ".\n",
        "### Workloads, ms\n",
        summary(results, whole),
        "### Kernels, one thread, memory to memory, ms of processor time\n",
        kernels(results, small),
        "### Every peer: wall / in process / processor time, ms / peak MB\n",
        details(results, whole),
        "### Floors, ms of processor time\n",
        table(["what", "ms"], [[f"`{k}`", ms(v)] for k, v in results["floors"].items()]),
    ]
    page = open(path, encoding="utf-8").read()
    begin, end = "<!-- measured -->\n", "<!-- /measured -->"
    head, rest = page.split(begin)
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + begin + "\n" + "\n".join(parts) + "\n" + end + rest.split(end)[1])
