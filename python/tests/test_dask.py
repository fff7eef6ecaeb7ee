# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Graphs on Dask distributed: two worker processes, one of which is killed; every output is that of a single process."""

from __future__ import annotations

import os
import signal
import threading
import time
import unittest

import kallitype as kal
from support import Case, picture, pixels, read, there


@unittest.skipUnless(there("distributed"), "Dask distributed is not installed")
class Distributed(Case):
    def setUp(self) -> None:
        super().setUp()
        from distributed import Client, LocalCluster

        self.cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=self.path("dask"))
        self.addCleanup(self.cluster.close)
        self.client = Client(self.cluster)
        self.addCleanup(self.client.close)
        picture(300, 400).save(self.path("in.png"))
        self.photo = kal.open(self.path("in.png"))
        self.soft = self.photo.gaussian(4)   # what all stand on

    def test_a_killed_worker(self) -> None:
        from kallitype import dask

        outputs = [(self.soft.resize(100 + i, 80).linear(offset=i), self.path(f"out-{i}.png")) for i in range(24)]

        def kill() -> None:
            time.sleep(0.3)
            pid = next(iter(self.client.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        keys = dask.save(outputs, client=self.client, memo_dir=self.path("memo"))
        killer.join()
        self.assertEqual(len(set(keys)), 24)
        with kal.options(memo_mode="never"):
            for img, path in outputs:
                self.assertEqual(read(path), img.encode("png"))
        self.assertFalse([n for n in self.left() if n.startswith(".")])

    def test_only_keys_travel(self) -> None:
        from kallitype import dask

        nodes = [self.soft.resize(100 + i, 80) for i in range(4)]
        graph, names = dask.to_dask(nodes, memo_dir=self.path("memo"))
        self.assertEqual(len(graph), 5)   # they, and what they share
        self.assertEqual(names, [f"kallitype-{n.key}" for n in nodes])
        self.assertLess(max(len(repr(t)) for t in graph.values()), 1500)
        self.assertEqual(dask.compute(nodes, client=self.client, memo_dir=self.path("memo")), [n.key for n in nodes])
        with kal.options(memo_dir=self.path("memo"), only_known=True):
            found = [pixels(n) for n in nodes]
        with kal.options(memo_mode="never"):
            self.assertEqual(found, [pixels(n) for n in nodes])
        with self.assertRaisesRegex(ValueError, "meet in a memo"):
            dask.to_dask(nodes)
        picture(300, 400).gaussian(1).save(self.path("in.png"))
        with self.assertRaisesRegex(kal.ChangedError, "another one on this worker"):
            dask.save([(self.soft.resize(107, 80), self.path("other.png"))], client=self.client, memo_dir=self.path("memo"))
        self.assertFalse(os.path.exists(self.path("other.png")))
        from dask.base import tokenize

        self.assertEqual(tokenize(nodes[0]), tokenize(self.soft.resize(100, 80)))


if __name__ == "__main__":
    unittest.main()
