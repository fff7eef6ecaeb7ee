// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The key of a tile tree names who encodes its tiles: with another library the tiles have other bytes.
#include "files.h"

#include <sys/wait.h>
#include <unistd.h>

// PNG's version has that of zlib in it; the library asks here.
static const char *zlib = "1";

const char *zlibVersion(void)
{
    return zlib;
}

// In a process of its own: a version is asked for once.
static kal_key key_with(const char *version, const char *format, const char *params)
{
    kal_key key = {0, 0};
    int ends[2];
    REQUIRE(!pipe(ends));
    const pid_t child = fork();
    if (!child) {
        zlib = version;
        kal_node *n = kal_noise(NULL, kal_noise_params(.width = 9, .height = 9));
        kal_node *encoded = kal_encode(NULL, n, format, params);
        const bool ok = !kal_node_key(encoded, &key, &check_error);
        _exit(ok && write(ends[1], &key, sizeof key) == sizeof key ? 0 : 1);
    }
    int status = 1;
    close(ends[1]);
    REQUIRE(read(ends[0], &key, sizeof key) == sizeof key);
    close(ends[0]);
    REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status));
    return key;
}

static bool differs(const char *format, const char *params)
{
    return !kal_key_equal(key_with("1", format, params), key_with("2", format, params));
}

int main(void)
{
    REQUIRE(differs("png", NULL));
    REQUIRE(differs("dz", "suffix=png"));
    REQUIRE(!differs("dz", "suffix=bmp"));
    REQUIRE(!differs("bmp", NULL));
    return check_done();
}
