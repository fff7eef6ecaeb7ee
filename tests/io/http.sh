#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# Pictures from a server on this machine that does what servers do: with ranges and without, moved, failing and recovering, cut, slow, and
# with a file that becomes another one. The same pixels as the file, or one clear error. Usage: http.sh KAL
for python in python3 /usr/bin/python3 none; do
    "$python" -c 'import http.server' 2> /dev/null && break
done
if [ "$python" = none ]; then
    echo 'skipped: python3 is not here'
    exit 77
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
kal=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
case $("$kal" info http://127.0.0.1:1/ 2>&1) in
    *'no libcurl'* | *'not installed'*)
        echo 'skipped: libcurl is not here'
        exit 77
        ;;
esac
unset KAL_LIMITS http_proxy all_proxy ALL_PROXY
cd "$dir" && KAL_HTTP_TIMEOUT=2 "$python" - "$kal" << 'END'
import hashlib
import http.server
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from email.utils import formatdate

failed = checks = 0
files = {}
stored = {}
puts = {}  # by path: requests, bodies that were not whole, fields of the last one
first = {}  # by name: when a file was made
old = time.time() - 60
seen = {}  # by path: how often it was asked for, and the ranges
lock = threading.Lock()


def check(what, ok, got=""):
    global failed, checks
    checks += 1
    if not ok:
        failed += 1
        print("failed:", what, got)


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    modified = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        with lock:
            count, ranges = seen.setdefault(self.path, [0, []])
            seen[self.path][0] += 1
            ranges.append(self.headers.get("Range"))
        path = self.path.split("?")[0]
        _, kind, name = path.split("/", 2)
        getattr(self, "do_" + kind)(files.get(name, b""), name, count)

    def do_ranges(self, data, name, count, tag=None, most=None, strict=True, weak=False):
        tag = tag or hashlib.md5(data).hexdigest()
        if strict and self.headers.get("If-Match", '"%s"' % tag) != '"%s"' % tag:
            return self.head(412)
        first, last = 0, len(data) - 1
        asked = self.headers.get("Range")
        if asked:
            a, b = asked.split("=")[1].split("-")
            first, last = int(a), min(int(b) if b else last, last)
            if first > last:
                return self.head(416, {"Content-Range": "bytes */%d" % len(data)})
        body = data[first:last + 1]
        fields = {"Content-Length": len(body), "ETag": ("W/" if weak else "") + '"%s"' % tag}
        if asked:
            fields["Content-Range"] = "bytes %d-%d/%d" % (first, last, len(data))
        self.head(206 if asked else 200, fields, False)
        self.send(body, most)

    def head(self, code, fields=None, end=True):
        self.send_response(code)
        if self.modified:
            self.send_header("Last-Modified", formatdate(int(self.modified), usegmt=True))
            self.modified = None
        for k, v in (fields or {}).items():
            self.send_header(k, str(v))
        if end and "Content-Length" not in (fields or {}):
            self.send_header("Content-Length", "0")
        self.end_headers()

    def send(self, body, most=None):
        try:
            self.wfile.write(body[:most])
            if most is not None and len(body) > most:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)  # what was sent arrives, unlike after a reset
                self.close_connection = True
        except OSError:
            self.close_connection = True

    def cut(self):
        """As when a cable is pulled: a reset."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def do_plain(self, data, name, count):
        self.head(200, {"Content-Length": len(data)})
        self.send(data)

    def do_plaincut(self, data, name, count):
        self.head(200, {"Content-Length": len(data)})
        self.send(data, len(data) // 2)

    def do_chunked(self, data, name, count):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for i in range(0, len(data), 50000):
                part = data[i:i + 50000]
                self.wfile.write(b"%x\r\n" % len(part) + part + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True

    def do_unsized(self, data, name, count):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.send(data)
        self.close_connection = True

    def do_unknown(self, data, name, count):
        """Ranges, of a file that it does not know the length of."""
        asked = self.headers.get("Range", "bytes=0-").split("=")[1].split("-")
        last = min(int(asked[1] or len(data)), len(data) - 1)
        body = data[int(asked[0]):last + 1]
        self.head(206, {"Content-Length": len(body), "Content-Range": "bytes %s-%d/*" % (asked[0], last)})
        self.send(body)

    def do_moved(self, data, name, count):
        n, name = name.split("/", 1)
        to = "/ranges/" + name if n == "0" else "/moved/%d/%s" % (int(n) - 1, name)
        self.head(302, {"Location": to})

    def do_loop(self, data, name, count):
        self.head(302, {"Location": "/loop/" + name})

    def do_away(self, data, name, count):
        self.head(302, {"Location": "file:///etc/passwd"})

    def do_missing(self, data, name, count):
        self.head(404)

    def do_broken(self, data, name, count):
        self.head(503)

    def do_flaky(self, data, name, count):
        self.head(500) if count % 3 < 2 else self.do_ranges(data, name, count)

    def do_reset(self, data, name, count):
        self.cut() if count % 2 == 0 else self.do_ranges(data, name, count)

    def do_cut(self, data, name, count):
        self.do_ranges(data, name, count, most=700000)

    def do_alwayscut(self, data, name, count):
        self.do_ranges(data, name, count, most=100)

    def do_changes(self, data, name, count):
        self.do_ranges(data if count < 2 else data[::-1], name, count)

    def do_changesloosely(self, data, name, count):
        """If-Match is not looked at; the answer's own ETag tells."""
        self.do_ranges(data if count < 2 else data[::-1], name, count, strict=False)

    def do_changesweakly(self, data, name, count):
        self.do_ranges(data if count < 2 else data[::-1], name, count, weak=True)

    def do_silent(self, data, name, count):
        """It says nothing after the first two requests."""
        if count >= 2:
            time.sleep(6)
        self.do_ranges(data, name, count)

    def do_other(self, data, name, count):
        self.head(206, {"Content-Length": 10, "Content-Range": "bytes 5-14/%d" % len(data)})
        self.send(data[5:15])

    def do_tagged(self, data, name, count):
        self.do_ranges(data, name, count)

    def do_weaktag(self, data, name, count):
        self.do_ranges(data, name, count, weak=True, strict=False)

    def do_old(self, data, name, count):
        """As nginx does it: a tag of time and length, and the time."""
        self.modified = old
        self.do_ranges(data, name, count)

    def do_young(self, data, name, count):
        with lock:
            self.modified = first.setdefault(name, time.time() + 1)
        self.do_ranges(data, name, count)

    def do_secret(self, data, name, count):
        if self.headers.get("Authorization") != "Basic dXNlcjpwYXNz":
            return self.head(401)
        self.do_ranges(data, name, count)


    def do_PUT(self):
        kind, name = self.path.split("?")[0].split("/", 3)[2:]
        with lock:
            count = puts.setdefault(self.path, [0, 0, None])[0]
            puts[self.path][0] += 1
            puts[self.path][2] = {k.lower(): v for k, v in self.headers.items()}
        body = b"" if kind == "early" else self.body(20000 if kind == "cut" else None)
        if body is None:
            with lock:
                puts[self.path][1] += 1  # that were not whole
            return self.cut()
        if kind == "silent":
            time.sleep(6)
        code = {"ok": 201, "early": 403, "forbidden": 403, "broken": 500, "moved": 307,
                "flaky": 503 if count < 2 else 204}.get(kind, 200)
        if code < 300:
            stored[name] = body
        if kind == "early":
            self.close_connection = True
        self.head(code, {"Location": "/put/ok/" + name, "Content-Length": 0} if code == 307 else None)
        if kind == "early":  # what still comes is let pass: to close on it would be a reset, which may overtake the answer
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            while self.rfile.read(1 << 16):
                pass

    def body(self, most):
        """All of it; None when it is cut, by us after `most` bytes."""
        data = bytearray()
        try:
            if self.headers.get("Transfer-Encoding") == "chunked":
                while True:
                    n = int(self.rfile.readline(), 16)
                    part = self.rfile.read(n + 2)
                    if len(part) < n + 2 or (most is not None and len(data) + n > most):
                        return None
                    if not n:
                        return bytes(data)
                    data += part[:n]
            n = int(self.headers["Content-Length"])
            data = self.rfile.read(n if most is None else min(n, most))
            return data if len(data) == n else None
        except (OSError, ValueError):
            return None


class Many(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Many(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = "http://127.0.0.1:%d/" % server.server_port


def kal(*words):
    return subprocess.run([sys.argv[1], *words], capture_output=True, text=True, timeout=60)


def pixels(path, more=""):
    r = kal("key", "--content", 'load "%s"%s' % (path, more))
    return r.stdout if not r.returncode else "failed: " + r.stderr


def refuses(what, path, *words, code=3):
    r = kal("key", "--content", 'load "%s"' % path)
    check(what, r.returncode == code and all(w in r.stderr for w in words) and r.stderr.count("\n") <= 4,
          (r.returncode, r.stdout, r.stderr))


random.seed(3)
width, height = 1100, 900
noise = random.randbytes(3 * width * height)
files["a.ppm"] = b"P6\n%d %d\n255\n" % (width, height) + noise
files["small.ppm"] = b"P6\n20 10\n255\n" + noise[:600]
files["empty.ppm"] = b""
files["huge.ppm"] = b"P6\n5000 4800\n255\n" + noise[:2400000] * 30
for name, data in files.items():
    with open(name, "wb") as f:
        f.write(data)
for name in ("a.png", "a.jpg", "a.tif"):
    if kal("run", "load a.ppm", "-o", name, *(["--encode", "tile=256"] if name == "a.tif" else [])).returncode:
        kal("run", "load a.ppm", "-o", name)
    try:
        with open(name, "rb") as f:
            files[name] = f.read()
    except OSError:
        print("skipped:", name, "cannot be written here")
local = {name: pixels(name) for name in files if name not in ("empty.ppm",)}
check("the pictures differ", len(set(local.values())) >= 3 and not any("failed" in v for v in local.values()), local)

for name in local:
    kinds = ["ranges", "plain", "chunked", "unsized", "unknown"] if name != "huge.ppm" else ["ranges"]
    for kind in kinds:
        got = pixels(base + kind + "/" + name)
        check(kind + " " + name, got == local[name], got)
check("by ranges", seen["/ranges/a.ppm"][1][0] == "bytes=0-65535" and
      "bytes=65536-" in seen["/ranges/a.ppm"][1], seen["/ranges/a.ppm"])
check("a small one takes one request a time", seen["/ranges/small.ppm"][0] == 2, seen["/ranges/small.ppm"])
r = kal("run", 'load "%schunked/huge.ppm" | crop 0 4700 64 64' % base, "-o", "corner.ppm")
r2 = kal("run", "load huge.ppm | crop 0 4700 64 64", "-o", "corner2.ppm")
check("a long stream", r.returncode == 0 and open("corner.ppm", "rb").read() == open("corner2.ppm", "rb").read(), r.stderr)

# ---- moved, failing, recovering
for hops in (0, 5, 8):
    check("moved", pixels("%smoved/%d/a.png" % (base, hops)) == local["a.png"])
refuses("moved too often", base + "moved/12/a.png", "redirect", base)
refuses("in a circle", base + "loop/a.png", "redirect", base)
refuses("to a file of this machine", base + "away/a.png", "file")
refuses("missing", base + "missing/a.png", "HTTP 404 Not Found")
check("and is not asked for again", seen["/missing/a.png"][0] == 1, seen["/missing/a.png"])
refuses("always busy", base + "broken/a.png", "HTTP 503 Service Unavailable")
check("which was asked for four times", seen["/broken/a.png"][0] == 4, seen["/broken/a.png"])
check("busy, then not", pixels(base + "flaky/a.png") == local["a.png"])
check("reset, then not", pixels(base + "reset/a.png") == local["a.png"])
got = pixels(base + "cut/a.ppm")
check("cut, and taken up", got == local["a.ppm"], (got, seen["/cut/a.ppm"]))
refuses("cut again and again", base + "alwayscut/a.ppm", "at byte ", "a.ppm")
refuses("cut without ranges", base + "plaincut/a.png", "at byte ", "a.png")
refuses("other bytes", base + "other/a.png", "other bytes than were asked for")
refuses("an empty file", base + "ranges/empty.ppm", "the file is empty")
refuses("an empty stream", base + "plain/empty.ppm", "the file is empty")
refuses("nobody there", "http://127.0.0.1:1/a.png", "http://127.0.0.1:1/a.png: ")
refuses("no such host", "http://no-such-host.invalid/a.png", "no-such-host.invalid")

# ---- a file that changes
for kind in ("changes", "changesloosely", "changesweakly"):
    refuses(kind, base + kind + "/a.ppm", "the file changed")

# ---- who waits
files["s.ppm"] = files["a.ppm"]
began = time.monotonic()
r = kal("run", 'load "%ssilent/a.ppm" | invert' % base, "-o", "x.ppm", "--deadline", "0.5")
check("a deadline is kept", r.returncode == 4 and time.monotonic() - began < 1.9, (r, time.monotonic() - began))
refuses("silence", base + "silent/s.ppm", "sent nothing for 2 seconds")

# ---- names
inside = base.replace("http://", "http://user:pass@")
check("with a password", pixels(inside + "secret/a.png") == local["a.png"])
r = kal("info", base.replace("http://", "http://user:word@") + "secret/a.png")
check("which no error tells", r.returncode == 3 and "401" in r.stderr and "word" not in r.stderr, r.stderr)
r = kal("invert", base + "ranges/a.png?v=1.2", "-o", "{stem}-x.ppm")
check("a verb, and a name from a URL", r.returncode == 0 and open("a-x.ppm", "rb").read(2) == b"P6", r.stderr)

# ---- written there
def put(kind, name, text="load a.ppm", more=()):
    return kal("run", '%s | save "%sput/%s/%s"' % (text, base, kind, name), *more)


def wrong(what, name, r, *words):
    with lock:
        check(what, r.returncode in (1, 3, 4) and all(w in r.stderr for w in words) and name not in stored, (r, name in stored))


def same(what, r, name, path):
    with open(path, "rb") as f:
        check(what, r.returncode == 0 and stored.get(name) == f.read(), (r, len(stored.get(name, b""))))


for name in ("a.png", "a.ppm", "a.jpg"):
    local_name = "here." + name[2:]
    kal("run", "load a.ppm | save " + local_name)
    same("put " + name, put("ok", name + "?key=1.2"), name, local_name)
    check("with its length", "content-length" in puts["/put/ok/%s?key=1.2" % name][2] and
          puts["/put/ok/%s?key=1.2" % name][0] == 1, puts)
if "a.tif" in files:
    kal("run", "load a.ppm | save here.tif")
    same("put what is patched", put("ok", "a.tif"), "a.tif", "here.tif")
    kal("run", "load huge.ppm | crop 0 0 4000 1500 | save here.tif")
    same("put much that is patched", put("ok", "b.tif", "load huge.ppm | crop 0 0 4000 1500"), "b.tif", "here.tif")
much = "load huge.ppm | crop 0 0 5000 1500"
kal("run", much, "-o", "much.ppm")
same("put much", put("ok", "much.ppm", much), "much.ppm", "much.ppm")
check("in chunks", puts["/put/ok/much.ppm"][2].get("transfer-encoding") == "chunked", puts["/put/ok/much.ppm"])
same("busy, then not", put("flaky", "b.ppm"), "b.ppm", "here.ppm")
check("after three", puts["/put/flaky/b.ppm"][0] == 3, puts["/put/flaky/b.ppm"])
for name, text in (("c.png", "load a.ppm"), ("c.ppm", much)):
    many = 1 if name == "c.ppm" else 4
    for kind, words, tries in (("forbidden", "HTTP 403 Forbidden", 1), ("early", "HTTP 403", 1), ("broken", "HTTP 500", many),
                               ("moved", "HTTP 307", 1), ("cut", "", many)):
        r = put(kind, name, text)
        wrong("put %s %s" % (kind, name), name, r, words, base + "put/%s/%s: writing" % (kind, name))
        path = "/put/%s/%s" % (kind, name)
        check("so often", puts[path][0] == tries, puts[path])
        check("never a whole body", kind != "cut" or puts[path][1] == tries, puts[path])
wrong("put to a silent server", "d.png", put("silent", "d.png"), "nor said anything for 2 seconds")
wrong("put where nobody is", "d.png", kal("run", 'load a.ppm | save "http://127.0.0.1:1/d.png"'), "http://127.0.0.1:1/d.png: ")
with open("half.ppm", "wb") as f:
    f.write(files["huge.ppm"][:40000000])
wrong("a picture that breaks off", "half.ppm", put("ok", "half.ppm", "load half.ppm"), "half.ppm: ")
for _ in range(100):
    if puts["/put/ok/half.ppm"][1]:
        break
    time.sleep(0.05)
check("has begun and is no whole body", puts["/put/ok/half.ppm"][:2] == [1, 1], puts["/put/ok/half.ppm"])
with open("half.png", "wb") as f:
    f.write(files.get("a.png", b"")[:40000])
wrong("a small one that breaks off", "half.png", put("ok", "half.png", "load half.png"), "half.png: ")
check("is never sent", "/put/ok/half.png" not in puts)
r = kal("run", 'a = load a.ppm; save a beside.png; save a "%sput/forbidden/e.png"' % base)
wrong("one of two is refused", "e.png", r, "403")
check("then the other is not written", kal("info", "beside.png").returncode == 3)
for words in (["--untrusted"], ["--limits", "network=false"]):
    r = put("ok", "f.png", more=words)
    check("not with %s" % words[0], r.returncode == 4 and "nothing is written to the web here" in r.stderr and "f.png" not in stored, r)
r = kal("run", 'load a.ppm | save "%sput/forbidden/g.png"' % inside)
check("with a password, which no error tells", puts["/put/forbidden/g.png"][2].get("authorization") == "Basic dXNlcjpwYXNz" and
      "HTTP 403" in r.stderr and "pass" not in r.stderr.split("\n")[0], (puts["/put/forbidden/g.png"], r))
r = kal("run", 'load a.ppm | save "%sput/ok/none"' % inside)
check("a URL without a suffix", r.returncode == 2 and "format=" in r.stderr and "pass" not in r.stderr.split("\n")[0], r)
r = kal("invert", "a.ppm", "-o", base + "put/ok/h.png")
kal("invert", "a.ppm", "-o", "h.png")
same("as what an op makes", r, "h.png", "h.png")
if "a.tif" in files:
    before = seen["/ranges/a.tif"][0]
    r = kal("run", 'load "%sranges/a.tif" keyed=false | crop 10 10 50 50' % base, "-o", "part.ppm")
    r2 = kal("run", "load a.tif | crop 10 10 50 50", "-o", "part2.ppm")
    took = seen["/ranges/a.tif"][1][before:]
    check("a part", r.returncode == 0 and open("part.ppm", "rb").read() == open("part2.ppm", "rb").read(), r.stderr)
    check("of which little was read", len(took) < 12 and not any(x.endswith("-") for x in took), took)

# ---- a strong tag pins: the digest is read once, and a part of pixels is a part of the file
if "a.tif" in files:
    text = 'load "%s" | crop 10 10 50 50 | save one.ppm; load "%s" | crop 500 500 50 50 | save two.ppm'
    alone = kal("run", text % ("a.tif", "a.tif"))
    want = [open(f, "rb").read() for f in ("one.ppm", "two.ppm")]
    for kind, whole in [("tagged", 1), ("old", 1), ("young", None), ("weaktag", None)]:
        r = kal("run", text % (base + kind + "/a.tif", base + kind + "/a.tif"))
        got = [open(f, "rb").read() for f in ("one.ppm", "two.ppm")]
        check("pinned, " + kind, r.returncode == 0 and not alone.returncode and got == want, r.stderr)
        passes = sum(x is not None and x.endswith("-") for x in seen["/%s/a.tif" % kind][1])
        check("passes over the file, " + kind, passes == whole if whole else passes > 1, (passes, seen["/%s/a.tif" % kind][1]))

# ---- what the environment says must be a time
for seconds, fine in [("abc", False), ("-3", False), ("0", False), ("3s", False), ("2.5", True), ("", True)]:
    r = subprocess.run([sys.argv[1], "info", base + "ranges/a.ppm"], capture_output=True, text=True,
                       env={**os.environ, "KAL_HTTP_TIMEOUT": seconds})
    check("KAL_HTTP_TIMEOUT=" + seconds, r.returncode == 0 if fine else
          r.returncode == 2 and "KAL_HTTP_TIMEOUT=%s is not" % seconds in r.stderr, r)

print("%d checks, %d failed" % (checks, failed))
sys.exit(failed > 0)
END
