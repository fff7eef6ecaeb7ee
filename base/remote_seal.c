// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// HMAC-SHA-256 by libcrypto over a whole entry: who does not know the secret can make none that is believed.
#define OPENSSL_SUPPRESS_DEPRECATED   // one call for all versions since 1.1
#include "remote_part.h"

#include "library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "kalseal1"
#define LEAST 16u   // bytes of a secret
#define MOST 4096u

bool kal__seal_is_one(const unsigned char *seal)
{
    return !memcmp(seal, MAGIC, 8);
}

#if !defined(KAL_NO_CRYPTO) && defined(__has_include)
#if __has_include(<openssl/hmac.h>)
#define CRYPTO 1
#endif
#endif

#if CRYPTO

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define VERSION TEXT(OPENSSL_SHLIB_VERSION)
#else
#define VERSION "1.1"
#endif
#if defined(__APPLE__)
#define LIBRARY "libcrypto." VERSION ".dylib"
#else
#define LIBRARY "libcrypto.so." VERSION
#endif

#define FUNCTIONS(F) \
    F(HMAC_CTX_new)  \
    F(HMAC_Init_ex)  \
    F(HMAC_Update)   \
    F(HMAC_Final)    \
    F(HMAC_CTX_free) \
    F(EVP_sha256)    \
    F(CRYPTO_memcmp)

static struct {
    FUNCTIONS(KAL__FUNCTION)
} lib;
static bool have;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// libcrypto makes its tables when they are first wanted, and has them freed at exit; what was registered later runs before. So it is asked once before
// we register what sends the last entries.
static void begin_to_work(void)
{
    unsigned char out[64];
    unsigned size = 0;
    HMAC_CTX *c = lib.HMAC_CTX_new();
    if (!c) return;
    if (lib.HMAC_Init_ex(c, "key", 3, lib.EVP_sha256(), NULL)) lib.HMAC_Final(c, out, &size);
    lib.HMAC_CTX_free(c);
}

static void load(void)
{
    static const char *const names[] = {FUNCTIONS(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    have = kal__library(LIBRARY, names, n, n, &lib);
    if (have) begin_to_work();
}

static kal_status ready(const kal__remote *r, kal_error *err)
{
    pthread_once(&once, load);
    return have ? KAL_OK
                : kal_fail(err, KAL_UNSUPPORTED, "%s: secret: libcrypto (%s) is not installed", r->name,
                           LIBRARY);
}

bool kal__seal_make(const kal__remote *r, const kal__piece *pieces, size_t n, unsigned char seal[KAL__SEAL])
{
    unsigned size = 0;
    HMAC_CTX *c = lib.HMAC_CTX_new();
    if (!c) return false;
    bool ok = lib.HMAC_Init_ex(c, r->secret, (int)r->n_secret, lib.EVP_sha256(), NULL) == 1;
    for (size_t i = 0; i < n && ok; i++) ok = lib.HMAC_Update(c, pieces[i].data, pieces[i].n) == 1;
    ok = ok && lib.HMAC_Final(c, seal + 8, &size) == 1 && size == KAL__SEAL - 8;
    lib.HMAC_CTX_free(c);
    memcpy(seal, MAGIC, 8);
    return ok;
}

bool kal__seal_is_right(const kal__remote *r, const void *file, size_t n, const unsigned char *seal)
{
    unsigned char own[KAL__SEAL];
    const kal__piece all = {file, n};
    return kal__seal_make(r, &all, 1, own) && lib.CRYPTO_memcmp(own, seal, KAL__SEAL) == 0;
}

#else

static kal_status ready(const kal__remote *r, kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "%s: secret: this build is without libcrypto", r->name);
}

bool kal__seal_make(const kal__remote *r, const kal__piece *pieces, size_t n, unsigned char seal[KAL__SEAL])
{
    (void)r, (void)pieces, (void)n, (void)seal;
    return false;
}

bool kal__seal_is_right(const kal__remote *r, const void *file, size_t n, const unsigned char *seal)
{
    (void)r, (void)file, (void)n, (void)seal;
    return false;
}

#endif

// All bytes of the file count, but for one end of a line, which editors leave.
kal_status kal__seal_ready(kal__remote *r, const char *path, kal_error *err)
{
    const kal_status st = ready(r, err);
    if (st) return st;
    FILE *f = fopen(path, "rbe");
    if (!f) return kal_fail(err, KAL_IO, "%s: this file with a secret: %s", path, strerror(errno));
    free(r->secret);
    r->secret = kal__new_zero(MOST + 1, 1);
    r->n_secret = r->secret ? fread(r->secret, 1, MOST + 1, f) : 0;
    fclose(f);
    if (!r->secret) return kal_fail(err, KAL_NOMEM, "out of memory for a secret");
    if (r->n_secret > MOST)
        return kal_fail(err, KAL_INVALID, "%s: a secret of more than %u bytes", path, MOST);
    if (r->n_secret && r->secret[r->n_secret - 1] == '\n') r->n_secret--;
    return r->n_secret >= LEAST
               ? KAL_OK
               : kal_fail(err, KAL_INVALID, "%s: a secret of %zu bytes; at least %u random ones are wanted",
                          path, r->n_secret, LEAST);
}
