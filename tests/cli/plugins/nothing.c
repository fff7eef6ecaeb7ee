// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A library that holds no ops.
int nothing(void);
int nothing(void)
{
    return 0;
}
