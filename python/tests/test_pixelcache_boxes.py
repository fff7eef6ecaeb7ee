# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""PixelCache's promises, case by case: boxes (B) and masks (M)."""

import pickle
import unittest

from kallitype.compat.pixelcache import BoundingBox, HashableImage, HashableList, ImageCrop, ImageSize, Points
from pixelcache_case import NUMPY, block, corners, ramp, size

if NUMPY:
    import numpy as np


@unittest.skipUnless(NUMPY, "NumPy")
class Boxes(unittest.TestCase):
    def test_b1_pixels(self):
        b = BoundingBox(10, 20, 50, 50, size(128, 256))
        self.assertEqual(b.xywh, (10, 20, 40, 30))
        self.assertEqual(b.xyxy, (10, 20, 50, 50))
        self.assertEqual(b.size(), size(30, 40))
        self.assertEqual(b.xyxyn, (0.0390625, 0.15625, 0.1953125, 0.390625))
        self.assertEqual(b.xywhn, (0.0390625, 0.15625, 0.15625, 0.234375))
        self.assertFalse(b.is_normalized())

    def test_b2_normalised(self):
        b = BoundingBox(0.5, 0.25, 1.0, 0.75, size(128, 256))
        self.assertEqual(b.xyxy, (128, 32, 256, 96))
        self.assertEqual(b.xywhn, (0.5, 0.25, 0.5, 0.5))
        self.assertEqual(HashableImage(ramp(128, 256)).crop_from_bbox(HashableList([b])).size(), size(64, 128))

    def test_b3_one_rounding(self):
        b = BoundingBox(0.29, 0.0, 0.5, 1.0, size(10, 100))
        self.assertEqual(b.xyxy, (29, 0, 50, 10))
        row = np.tile(np.arange(100, dtype=np.uint8), (10, 1))
        self.assertEqual(HashableImage(row).crop_from_bbox(HashableList([b])).numpy()[0, 0].tolist(), [29, 29, 29])

    def test_b4_invalid(self):
        for make in (lambda: BoundingBox(5, 0, 5, 9, size(10, 10)), lambda: BoundingBox(-1, 0, 5, 9, size(10, 10)), lambda: BoundingBox(1, 2, 5, 9),
                     lambda: BoundingBox(0, 7, 5, 7, size(10, 10)), lambda: BoundingBox(0, 0, 1.5, 1, normalized=True)):
            self.assertRaises(ValueError, make)

    def test_b5_the_unit_is_explicit(self):
        one = BoundingBox(0, 0, 1, 1, size(10, 10))
        self.assertEqual(one.xyxy, (0, 0, 1, 1))
        self.assertEqual(HashableImage(ramp(10, 10)).crop_from_bbox(HashableList([one])).size(), size(1, 1))
        self.assertEqual(BoundingBox(0.0, 0.0, 1.0, 1.0, size(10, 10)).xyxy, (0, 0, 10, 10))
        self.assertEqual(BoundingBox(0, 0, 1, 1, size(10, 10), normalized=True).xyxy, (0, 0, 10, 10))
        self.assertEqual(BoundingBox(*np.array([0, 0, 1, 1]), size(10, 10)).xyxy, (0, 0, 1, 1))
        self.assertEqual(BoundingBox(0, 0, 1, 1).xyxyn, (0, 0, 1, 1))
        self.assertEqual(corners(block((0, 1, 0, 1), side=10).mask2bbox(0)), [(0, 0, 1, 1)])
        self.assertEqual(HashableImage(ramp(10, 10)).crop_from_mask(block((0, 2, 0, 2), side=10)).size(), size(2, 2))

    def test_b6_transfer(self):
        b = BoundingBox(10, 10, 20, 20, size(100, 100))
        a = ramp(200, 200)
        self.assertTrue((HashableImage(a).crop_from_bbox(HashableList([b])).numpy() == a[20:40, 20:40]).all())

    def test_b7_equality(self):
        b = BoundingBox(1, 2, 5, 10, size(20, 20))
        self.assertNotEqual(b, BoundingBox(1, 2, 5, 11, size(20, 20)))
        self.assertNotEqual(BoundingBox(0.1, 0.2, 0.5, 0.9), BoundingBox(0.1, 0.2, 0.5, 0.9, size(20, 20)))
        self.assertEqual(b, BoundingBox(1.0, 2.0, 5.0, 10.0, size(20, 20)))
        self.assertEqual(hash(b), hash(pickle.loads(pickle.dumps(b))))
        self.assertFalse(b == "box")

    def test_b8_points(self):
        p = Points(np.array([[0.5, 0.25]]), is_normalized=True, image_size=size(100, 200))
        self.assertEqual(p.xy.tolist(), [[100, 25]])
        q = Points(np.array([[100, 25]], np.float32), is_normalized=False, image_size=size(100, 200))
        self.assertEqual(q.xyn.tolist(), [[0.5, 0.25]])
        self.assertEqual((len(q), q.num_points, q.list_tuple_int(), q.min_x(), q.max_y()), (1, 1, [(100, 25)], 100, 25))
        self.assertEqual(q.shift_points((0.5, -5)).list_tuple_float(normalized=False), [(100.5, 20)])
        self.assertEqual(q.shift_points((500, -50)).clip_to_image_bounds(size(100, 200)).list_tuple_int(), [(199, 0)])
        mask = Points([(1.0, 1.0), (0.0, 0.5), (2.0, 0.1)], True, size(4, 6)).to_mask()
        self.assertEqual(mask.dtype(), "L")
        self.assertEqual(np.argwhere(mask.numpy()).tolist(), [[2, 0], [3, 5]])
        self.assertEqual(int(mask.max()), 255)
        self.assertEqual(HashableImage(ramp()).crop_from_points(Points([(3, 4)], False, size(16, 16))).size(), size(1, 1))
        self.assertEqual(p, Points([(0.5, 0.25)], True, size(100, 200)))
        self.assertNotEqual(p, Points([(0.5, 0.25)], True, size(100, 100)))

    def test_b9_size_times(self):
        self.assertEqual(size(5, 7) * 0.5, size(2, 4))
        with self.assertRaises(ValueError):
            size(3, 3) * 0.1
        self.assertEqual((size(5, 7) // 2, 2 * size(1, 2), size(5, 7).area(), size(5, 7).min(), size(5, 7).max()), (size(2, 3), size(2, 4), 35, 5, 7))
        for bad in (lambda: size(0, 1), lambda: size(1, -1)):
            self.assertRaises(ValueError, bad)
        for bad in (lambda: size(1.5, 1), lambda: size(True, 1), lambda: ImageSize(1, 2)):
            self.assertRaises(TypeError, bad)

    def test_b10_size_order(self):
        self.assertTrue(size(2, 3) < size(3, 4))
        self.assertFalse(size(2, 5) < size(3, 4) or size(2, 5) > size(3, 4) or size(2, 5) <= size(3, 4))
        self.assertFalse(size(2, 3) == (2, 3))
        self.assertTrue(size(2, 3) != "2x3")

    def test_arithmetic(self):
        s = size(100, 100)
        a, b = BoundingBox(10, 10, 30, 30, s), BoundingBox(20, 20, 40, 40, s)
        self.assertEqual((a | b).xyxy, (10, 10, 40, 40))
        self.assertEqual((a & b).xyxy, (20, 20, 30, 30))
        self.assertIsNone(a & BoundingBox(30, 10, 40, 20, s))
        self.assertEqual(a.iou(b), 100 / 700)
        self.assertTrue(BoundingBox(12, 12, 20, 20, s) in a)
        self.assertEqual(a.pad(0.5).xyxy, (0, 0, 40, 40))
        self.assertEqual(a.shift(5, 0).xyxy, (15, 10, 35, 30))
        self.assertEqual(a.scale(0.5).xyxy, (15, 15, 25, 25))
        self.assertEqual((a | BoundingBox(0.2, 0.2, 0.4, 0.4, s)).xyxy, (10, 10, 40, 40))
        self.assertEqual(BoundingBox(90, 90, 120, 130, s).clip().xyxy, (90, 90, 100, 100))

    def test_crop(self):
        image = HashableImage(ramp(5, 5))
        self.assertTrue((ImageCrop(left=1, top=2, right=4, bottom=5)(image).numpy() == ramp(5, 5)[2:5, 1:4]).all())
        # rounded once at each edge: 1.25 to 3.75 is 1 to 4
        self.assertEqual(ImageCrop(left=0.25, top=0.25, right=0.75, bottom=0.75)(image).size(), size(3, 3))
        beyond = ImageCrop(left=3, top=3, right=7, bottom=7)(image).numpy()
        self.assertEqual(beyond.shape, (4, 4, 3))
        self.assertTrue((beyond[:2, :2] == ramp(5, 5)[3:, 3:]).all() and not beyond[2:].any() and not beyond[:, 2:].any())
        with self.assertRaises(AttributeError):
            ImageCrop(left=1, top=2, right=4, bottom=5).left = 2
        self.assertRaises(ValueError, lambda: ImageCrop(left=4, top=2, right=4, bottom=5))


@unittest.skipUnless(NUMPY, "NumPy")
class Masks(unittest.TestCase):
    def boxes(self, mask, margin=0.0, **how):
        return corners(mask.mask2bbox(margin, **how))

    def test_m1_a_block(self):
        m = block((10, 30, 10, 30))
        self.assertEqual(self.boxes(m), [(10, 10, 30, 30)])
        self.assertEqual(HashableImage(ramp(64, 64)).crop_from_mask(m).size(), size(20, 20))
        self.assertEqual(self.boxes(m, normalized=True), [(0.15625, 0.15625, 0.46875, 0.46875)])

    def test_m2_scan_order(self):
        self.assertEqual(self.boxes(block((40, 50, 40, 50), (10, 30, 10, 30))), [(10, 10, 30, 30), (40, 40, 50, 50)])

    def test_m3_m4_m5_margins(self):
        self.assertEqual(self.boxes(block((10, 30, 10, 30)), 0.1), [(8, 8, 32, 32)])
        self.assertEqual(self.boxes(block((2, 10, 2, 10)), 0.5), [(0, 0, 14, 14)])
        self.assertEqual(self.boxes(block((50, 64, 50, 64)), 0.5), [(43, 43, 64, 64)])

    def test_m6_m7_thin(self):
        self.assertEqual(self.boxes(block((5, 6, 5, 6), side=10)), [(5, 5, 6, 6)])
        self.assertEqual(self.boxes(block((3, 4, 2, 8), side=10)), [(2, 3, 8, 4)])

    def test_m8_empty(self):
        self.assertEqual(self.boxes(block()), [])
        with self.assertRaisesRegex(ValueError, "mask is empty"):
            HashableImage(ramp(64, 64)).crop_from_mask(block())

    def test_m9_merge(self):
        self.assertEqual(self.boxes(block((10, 30, 10, 30), (40, 50, 40, 50)), merge=True), [(10, 10, 50, 50)])

    def test_m10_overlap_after_margin(self):
        self.assertEqual(self.boxes(block((10, 20, 10, 20), (10, 20, 22, 32)), 0.5), [(5, 5, 37, 25)])

    def test_m11_threshold(self):
        gray = HashableImage(np.array([[127, 128, 0, 1, 255]], np.uint8))
        self.assertEqual(gray.to_binary(0.5).numpy().tolist(), [[False, True, False, False, True]])
        self.assertEqual(gray.to_binary(0).numpy().tolist(), [[True, True, False, True, True]])
        self.assertFalse(gray.to_binary(1.0).numpy().any())
        self.assertTrue(HashableImage(np.array([[[0, 0, 200]]], np.uint8)).to_binary(0.5).numpy().all())
        self.assertRaises(ValueError, lambda: gray.to_binary(1.5))
        self.assertRaises(ValueError, lambda: gray.to_binary(0, 1.5))

    def islands(self, *sizes):
        m = np.zeros((10, 10), bool)
        for i, n in enumerate(sizes):
            m.reshape(-1)[i * 40:i * 40 + n] = True
        return m

    def test_m12_small_parts(self):
        m = self.islands(1, 5, 20)
        for image in (HashableImage(m), HashableImage(m * np.uint8(255))):   # a binary image is cleaned, too
            out = image.to_binary(0, 0.05).numpy()
            m[0, 0] = False
            self.assertTrue((out == m).all())
            m[0, 0] = True

    def test_m13_the_largest_stays(self):
        self.assertTrue((HashableImage(self.islands(1, 3)).to_binary(0, 0.05).numpy() == self.islands(0, 3)).all())

    def test_m14_dilate_erode(self):
        grown = block((3, 4, 3, 4), side=7).morphologyEx("dilate", np.ones((3, 3)))
        self.assertEqual(int(grown.sum()), 9)
        self.assertEqual(int(grown.morphologyEx("erode", np.ones((3, 3), np.float32)).sum()), 1)
        self.assertEqual(int(block((3, 4, 3, 4), side=7).morphologyEx("dilate", np.ones((1, 5))).sum()), 5)

    def test_m15_the_border_is_neutral(self):
        self.assertEqual(int(block((0, 5, 0, 5), side=5).morphologyEx("erode", np.ones((3, 3))).sum()), 25)

    def test_m16_or(self):
        a, b = block((0, 2, 0, 2), side=5), block((1, 3, 1, 3), side=5)
        self.assertEqual(a.logical_or_reduce([]), a)
        self.assertEqual(int(a.logical_or_reduce([b]).sum()), 7)

    def test_other_parameters(self):
        m = block((0, 1, 0, 1), (10, 30, 10, 30), (40, 50, 40, 50))
        self.assertEqual(self.boxes(m, area_threshold=0.01), [(10, 10, 30, 30), (40, 40, 50, 50)])
        self.assertEqual(self.boxes(m, number_of_objects=1), [(10, 10, 30, 30)])
        self.assertEqual(self.boxes(m, number_of_objects=0), [])
        self.assertEqual(self.boxes(m, opening=(3, 5)), [(10, 10, 30, 30), (40, 40, 50, 50)])
        self.assertEqual(self.boxes(block((5, 6, 5, 20), (5, 6, 22, 30)), closing=(1, 3)), [(5, 5, 30, 6)])
        self.assertEqual(int(m.mask2squaremask(0.1).sum()), 24 * 24 + 12 * 12 + 1)

    def test_invert(self):
        self.assertEqual(int(block((0, 2, 0, 2), side=5).invert_binary().sum()), 21)


if __name__ == "__main__":
    unittest.main()
