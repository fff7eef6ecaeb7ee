# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
"""Other libraries' names for what kallitype does, for programs that are to run as they are: change the import and nothing else."""
