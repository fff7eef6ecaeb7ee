# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Other libraries' names, so that a program runs by changing its import."""
