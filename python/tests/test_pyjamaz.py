# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Pyjamaz' functions: what they promise is kept."""

from __future__ import annotations

import inspect
import math
import os
import unittest
import warnings
from unittest import mock

import kallitype as kal
import kallitype.compat.pyjamaz as pyjamaz
from support import Case, picture, pixels, read


class Pyjamaz(Case):
    def setUp(self) -> None:
        super().setUp()
        self.photo = picture(120, 160).gaussian(3)
        self.photo.save(self.path("in.png"))

    def run_on(self, source: object, **given: object) -> pyjamaz.OptimizeResult:
        return pyjamaz.optimize_image(source, cache_dir=self.path("cache"), **given)   # type: ignore[arg-type]

    def test_nine_parameters(self) -> None:
        got = {n: p.default for n, p in inspect.signature(pyjamaz.optimize_image).parameters.items()}
        self.assertEqual(got, {"input_path": inspect.Parameter.empty, "max_bytes": None, "max_diff": None, "metric": "dssim", "formats": None, "concurrency": 4,
                               "cache_enabled": True, "cache_dir": None, "cache_max_size": 1 << 30})
        self.assertEqual(pyjamaz.get_version(), kal.__version__)

    def test_bounds_are_kept(self) -> None:
        found = self.run_on(self.path("in.png"), max_bytes=6000, formats=["jpeg", "webp"])
        self.assertTrue(found.passed)
        self.assertLessEqual(found.size, 6000)
        self.assertIsNone(found.error_message)
        found.save(self.path("out.bin"))
        self.assertEqual(read(self.path("out.bin")), found.output_buffer)
        self.assertEqual(kal.dssim(self.photo, kal.open(found.output_buffer)).get(), found.diff_value)
        for metric, bound in (("dssim", 0.01), ("ssimulacra2", 0.0003)):
            found = self.run_on(read(self.path("in.png")), max_diff=bound, metric=metric, formats=["jpeg"])
            self.assertTrue(found.passed)
            self.assertLessEqual(found.diff_value, bound)

    def test_what_cannot_be_had(self) -> None:
        found = self.run_on(self.path("in.png"), max_bytes=50, formats=["jpeg"])
        self.assertFalse(found.passed)
        self.assertIn("bytes too many", found.error_message)
        with self.assertRaises(RuntimeError):
            found.save(self.path("out.jpg"))
        self.assertFalse(os.path.exists(self.path("out.jpg")))
        with self.assertRaises(FileNotFoundError):
            self.run_on(self.path("none.png"))
        for wrong in ({"metric": "dsim"}, {"metric": "none", "max_diff": 0.1}, {"concurrency": 0}, {"formats": ["jpgg"]}):
            with self.assertRaises(ValueError):
                self.run_on(self.path("in.png"), **wrong)

    def test_without_bounds(self) -> None:
        for given in ({}, {"max_bytes": 0}, {"metric": "ssimulacra2"}, {"metric": "none"}):
            found = self.run_on(self.path("in.png"), formats=["jpeg", "webp"], **given)
            self.assertTrue(found.passed)
            self.assertEqual({c.params.split()[0] for c in found.found.candidates if c.format in ("jpeg", "webp") and "quality" in c.params}, {"quality=85"})
            self.assertEqual(math.isnan(found.diff_value), given.get("metric") == "none")

    def test_equal_pixels(self) -> None:
        for metric in ("dssim", "ssimulacra2"):
            found = self.run_on(self.path("in.png"), max_diff=0.0, metric=metric, formats=["jpeg", "webp"])
            self.assertEqual((found.passed, found.diff_value), (True, 0.0))
            self.assertTrue(kal.open(found.output_buffer) == self.photo or kal.dssim(self.photo, kal.open(found.output_buffer)).get() == 0)
        for bound in ("max_dssim", "max_diff"):
            with self.assertRaisesRegex(ValueError, "min_score=100"):
                kal.optimize(self.photo, **{bound: 0})   # type: ignore[arg-type]

    def test_what_was_not_compared(self) -> None:
        found = self.run_on(self.path("in.png"), max_bytes=10, formats=["jpeg"])
        self.assertFalse(found.passed)
        self.assertTrue(math.isnan(found.diff_value))

    def test_as_many_threads_as_there_may_be(self) -> None:
        self.assertTrue(self.run_on(self.path("in.png"), max_bytes=6000, formats=["jpeg"], concurrency=200).passed)

    def test_a_user_without_a_home(self) -> None:
        with open(self.path("file"), "w"), mock.patch.dict(os.environ, {"XDG_CACHE_HOME": self.path("file")}), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.assertTrue(pyjamaz.optimize_image(self.path("in.png"), max_bytes=6000, formats=["jpeg"]).passed)
        self.assertIn("nothing is kept", str(told[0].message))

    def test_the_cache(self) -> None:
        first = self.run_on(self.path("in.png"), max_bytes=6000, formats=["jpeg"])
        again = self.run_on(self.path("in.png"), max_bytes=6000, formats=["jpeg"])
        self.assertEqual((again.output_buffer, again.found.found), (first.output_buffer, True))
        plain = pyjamaz.optimize_image(self.path("in.png"), max_bytes=6000, formats=["jpeg"], cache_enabled=False)
        self.assertEqual((plain.output_buffer, plain.found.found), (first.output_buffer, False))
        self.assertEqual(pixels(kal.open(plain.output_buffer)), pixels(kal.open(first.output_buffer)))
        self.assertEqual(pyjamaz.optimize_image(self.path("in.png"), formats=["png"], metric="none", cache_enabled=False).format, "png")


if __name__ == "__main__":
    unittest.main()
