# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""pyvips' words: Kernel.LANCZOS3 is "lanczos3"."""

from __future__ import annotations


def _words(name: str, words: str) -> type:
    """A class of pyvips' words: Kernel.LANCZOS3 is "lanczos3"."""
    return type(name, (), {w.upper().replace("-", "_"): w for w in words.split()})


Access = _words("Access", "random sequential")
Align = _words("Align", "low centre high")
Angle = _words("Angle", "d0 d90 d180 d270")
BandFormat = _words("BandFormat", "uchar ushort uint float")
BlendMode = _words("BlendMode", "clear source over in out atop dest dest-over dest-in dest-out dest-atop xor add multiply screen overlay darken "
                                "lighten colour-dodge colour-burn hard-light soft-light difference exclusion")
CompassDirection = _words("CompassDirection", "centre north east south west north-east south-east south-west north-west")
Direction = _words("Direction", "horizontal vertical")
Extend = _words("Extend", "black copy repeat mirror white background")
FailOn = _words("FailOn", "none truncated error warning")
Interesting = _words("Interesting", "none centre low high")
Interpretation = _words("Interpretation", "multiband b-w srgb rgb rgb16 grey16 scrgb")
Kernel = _words("Kernel", "nearest linear cubic mitchell lanczos3")
Size = _words("Size", "both up down force")
