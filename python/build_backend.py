# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Builds the wheel with the project's own CMake: PEP 517 and 660, without anything but the standard library, so it works offline.

    pip install ./python
    pip install -e ./python                                     the package is linked into build/python-editable
    pip wheel ./python --config-settings bundle=yes             codec libraries and what they need inside: runs where none is installed

One wheel serves every CPython from 3.11 on: the extension is on the limited API. One without its lock (free threading) has none, and gets a wheel of its own.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# Without its lock an interpreter has no limited API.
FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
EXTENSION = "_kal" + (sysconfig.get_config_var("EXT_SUFFIX") if FREE else ".abi3.so")
# What every Linux has, and must not bring along: the C library, and who is part of it.
SYSTEM = re.compile(r"^(linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt|libresolv|libutil)\.so")


def _version() -> str:
    header = (ROOT / "include/kal/base.h").read_text()
    return re.search(r'#define KAL_VERSION "([^"]+)"', header)[1]


def _run(*command: object) -> str:
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise SystemExit(f"kallitype: {command[0]} failed: what it needs is named above, or in README.md under \"Build by hand\"")
    return done.stdout


def _build(build: Path, *flags: str) -> Path:
    """The package's folder, built."""
    if not shutil.which("cmake"):
        raise SystemExit("kallitype: CMake 3.25 is needed to build the wheel (apt install cmake ninja-build)")
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    _run("cmake", "-S", ROOT, "-B", build, *generator, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",
         f"-DPython3_EXECUTABLE={sys.executable}", *flags)
    _run("cmake", "--build", build, "--target", "kal-python", "-j", os.cpu_count() or 1)
    package = build / "python/kallitype"
    if not (package / EXTENSION).exists():
        raise SystemExit(f"kallitype: {sys.executable} has no headers (apt install python3-dev)")
    return package


# ---- what lies in a wheel -------------------------------------------------------------------------------


def _metadata(version: str) -> str:
    readme = (HERE / "README.md").read_text()
    return (f"Metadata-Version: 2.1\nName: kallitype\nVersion: {version}\nSummary: Lazy, keyed image pipelines\nLicense: MIT\n"
            f"Requires-Python: >=3.11\nDescription-Content-Type: text/markdown\n\n{readme}")


def _tag() -> str:
    own = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return (f"{own}-{own}t-" if FREE else "cp311-abi3-") + re.sub(r"[-.]", "_", sysconfig.get_platform())


class _Wheel:
    def __init__(self, folder: str, version: str) -> None:
        self.version, self.record = version, []
        self.name = f"kallitype-{version}-{_tag()}.whl"
        self.info = f"kallitype-{version}.dist-info"
        self.zip = zipfile.ZipFile(Path(folder) / self.name, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, data: bytes, mode: int = 0o644) -> None:
        entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))   # the same bytes from the same sources
        entry.external_attr, entry.compress_type = (0o100000 | mode) << 16, zipfile.ZIP_DEFLATED
        self.zip.writestr(entry, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.record.append(f"{name},sha256={digest},{len(data)}")

    def close(self) -> str:
        self.add(f"{self.info}/METADATA", _metadata(self.version).encode())
        self.add(f"{self.info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: kallitype\nRoot-Is-Purelib: false\nTag: {_tag()}\n".encode())
        self.add(f"{self.info}/LICENSE", (ROOT / "LICENSE").read_bytes())
        record = "\n".join([*self.record, f"{self.info}/RECORD,,"]) + "\n"
        self.zip.writestr(zipfile.ZipInfo(f"{self.info}/RECORD", (2026, 1, 1, 0, 0, 0)), record)
        self.zip.close()
        return self.name


def _stripped(path: Path) -> bytes:
    if not shutil.which("strip"):
        return path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        _run("strip", "--strip-unneeded", copy)
        return copy.read_bytes()


def _needs(path: Path) -> dict[str, Path]:
    """Libraries that a library is linked to, and those behind them, but for the system's."""
    out = {}
    for line in _run("ldd", path).splitlines():
        found = re.match(r"\s*(\S+) => (/\S+)", line)
        if found and not SYSTEM.match(found[1]) and not found[1].startswith("libkallitype"):
            out[found[1]] = Path(found[2])
    return out


def _codecs(library: Path) -> dict[str, Path]:
    """What the library is linked to and what it loads when it is first needed, with what those need."""
    names = {n.decode() for n in re.findall(rb"(lib[A-Za-z0-9_+.-]+?\.so\.[0-9.]+)(?=\0)", library.read_bytes())}
    known = dict(re.findall(r"\s(lib\S+\.so\.\S+) .*=> (/\S+)", _run(shutil.which("ldconfig") or "/sbin/ldconfig", "-p")))
    out = _needs(library)
    for name in sorted(names):
        if name in known and not SYSTEM.match(name) and not name.startswith("libkallitype"):
            out[name] = Path(known[name])
            out.update(_needs(Path(known[name])))
    return out


def _at_home(path: Path) -> bytes:
    """A library that finds what it needs beside itself."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        _run("patchelf", "--set-rpath", "$ORIGIN", copy)
        return copy.read_bytes()


# ---- hooks ----------------------------------------------------------------------------------------------


def get_requires_for_build_wheel(config_settings: dict[str, str] | None = None) -> list[str]:
    return []


get_requires_for_build_editable = get_requires_for_build_sdist = get_requires_for_build_wheel


def build_wheel(wheel_directory: str, config_settings: dict[str, str] | None = None, metadata_directory: str | None = None) -> str:
    bundle = (config_settings or {}).get("bundle", "no").lower() in ("yes", "1", "true", "on")
    with tempfile.TemporaryDirectory(prefix="kallitype-") as folder:
        if bundle and not shutil.which("patchelf"):
            raise SystemExit("kallitype: bundle=yes needs patchelf (apt install patchelf): libraries are told to look beside themselves")
        flags = ["-DCMAKE_INSTALL_RPATH=$ORIGIN/../kallitype.libs"] if bundle else []
        package = _build(Path(folder), *flags)
        wheel = _Wheel(wheel_directory, _version())
        for path in sorted(HERE.glob("kallitype/**/*")):
            if path.suffix in (".py", ".pyi") or path.name == "py.typed":
                wheel.add(str(path.relative_to(HERE)), path.read_bytes())
        library = next(p for p in Path(folder).glob("libkallitype.so.*.*") if len(p.name.split(".")) == 4)
        wheel.add(f"kallitype/{EXTENSION}", _stripped(package / EXTENSION), 0o755)
        wheel.add(f"kallitype/{library.name}", _stripped(library.resolve()), 0o755)
        for name, path in _codecs(library.resolve()).items() if bundle else ():
            wheel.add(f"kallitype.libs/{name}", _at_home(path.resolve()), 0o755)
        return wheel.close()


def build_editable(wheel_directory: str, config_settings: dict[str, str] | None = None, metadata_directory: str | None = None) -> str:
    build = ROOT / "build/python-editable"
    _build(build, "-DCMAKE_BUILD_WITH_INSTALL_RPATH=OFF")
    wheel = _Wheel(wheel_directory, _version())
    wheel.add("kallitype.pth", f"{build / 'python'}\n".encode())
    return wheel.close()


def build_sdist(sdist_directory: str, config_settings: dict[str, str] | None = None) -> str:
    """The whole project, for it is built from its own sources; pyproject.toml stands in front."""
    top = f"kallitype-{_version()}"
    name = f"{top}.tar.gz"
    left_out = {"build", ".git", "out", "__pycache__"}

    def keep(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if left_out & set(Path(entry.name).parts[1:]) else entry

    with tempfile.TemporaryDirectory() as folder, tarfile.open(Path(sdist_directory) / name, "w:gz") as tar:
        tar.add(ROOT, top, filter=keep)
        front = Path(folder) / "pyproject.toml"
        front.write_text((HERE / "pyproject.toml").read_text().replace('backend-path = ["."]', 'backend-path = ["python"]')
                         .replace('"README.md"', '"python/README.md"'))
        tar.add(front, f"{top}/pyproject.toml")
        info = Path(folder) / "PKG-INFO"
        info.write_text(_metadata(_version()))
        tar.add(info, f"{top}/PKG-INFO")
    return name
