# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""What the tests beside other libraries share in Python: checks, counted, and the command that they are given as their first argument."""

import subprocess
import sys

passed = failed = 0


def check(what, ok, got=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("failed:", what, got)


def kal(text):
    """Runs a text: whether that worked. What it said is printed where it did not."""
    done = subprocess.run([sys.argv[1], "run", text], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip())
    return done.returncode == 0


def end():
    """The last line. A script that checked nothing has failed, too."""
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)
