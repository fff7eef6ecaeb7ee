# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# The blocks of pages of Markdown as files: dir/main-N.c, dir/page.c (all other C, in order), dir/inside.c, dir/sh-N.sh. Prints how many
# there are of C. Variable: dir. What a comment just before a block says:
#   <!-- not compiled: why -->    only to be read          <!-- inside the library -->    sees base/ and ops/, is not run
#   <!-- not run: why -->         compiled, or left out    <!-- fails -->                 its status must not be KAL_OK

function at_file_scope(text, first)
{
    if (text ~ /\n\{\n/) return 1
    return first ~ /^(#|typedef |static const kal_param|static const char \*const |static const kal_op |const kal_op |extern |KAL_PLUGIN)/
}

function wrap(text, line, fails, runs)
{
    out = dir "/page.c"
    printf "\nstatic kal_status block_%d(kal_scope *s, kal_node *photo, kal_node *face, kal_node *soft, kal_node *back,\n", count > out
    printf "    kal_node *image, kal_node *base, kal_node *other, kal_node *const *images, int32_t n, kal_error err, kal_status st)\n{\n" > out
    printf "    (void)s, (void)photo, (void)face, (void)soft, (void)back, (void)image, (void)base, (void)other, (void)images, (void)n;\n" > out
    printf "    (void)err;\n    {\n#line %d \"%s\"\n%s    }\n", line + 1, FILENAME, text > out
    printf "    if (st) fprintf(stderr, \"%%s\\n\", err.message);\n    return st;\n}\n" > out
    if (runs) calls = calls sprintf("    {\"%s\", %d, block_%d, %d},\n", FILENAME, line, count, fails)
}

function c_block(text, first, line)
{
    if (mark ~ /not compiled/) return
    count++
    if (mark ~ /inside the library/)
        printf "#line %d \"%s\"\n%s\n", line + 1, FILENAME, text > (dir "/inside.c")
    else if (text ~ /int main\(/)
        printf "#line %d \"%s\"\n%s", line + 1, FILENAME, text > (dir "/main-" count ".c")
    else if (at_file_scope(text, first))
        printf "\n#line %d \"%s\"\n%s", line + 1, FILENAME, text > (dir "/page.c")
    else
        wrap(text, line, mark ~ /fails/, mark !~ /not run/)
}

function sh_block(text, line)
{
    if (text !~ /(^|\n)kal / || text ~ /<\(/ || mark ~ /not run/) return   # <( is no POSIX shell's
    printf "# %s, line %d\nset -e\n%s", FILENAME, line, text > sprintf("%s/sh-%03d.sh", dir, ++scripts)   # in the order of the page
}

BEGIN {
    printf "#define _GNU_SOURCE\n#include <kal/kal.h>\n#include <pthread.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n" > (dir "/page.c")
}
fence == "" && /^```/ {
    fence = substr($0, 4)
    if (fence == "") fence = "plain"
    text = first = ""
    start = FNR
    next
}
fence != "" && /^```/ {
    if (fence == "c") c_block(text, first, start)
    if (fence == "sh") sh_block(text, start)
    fence = mark = ""
    next
}
fence != "" {
    if (text == "") first = $0
    text = text $0 "\n"
    next
}
/^<!--/ { mark = $0; next }
/./ { mark = "" }
END {
    if (fence != "") {
        printf "%s: the block of line %d does not end\n", FILENAME, start > "/dev/stderr"
        exit 1
    }
    printf "\ntypedef struct block {\n    const char *page;\n    int line;\n    kal_status (*run)(kal_scope *, kal_node *, kal_node *, kal_node *, kal_node *,\n" > (dir "/page.c")
    printf "        kal_node *, kal_node *, kal_node *, kal_node *const *, int32_t, kal_error, kal_status);\n    int fails;\n} block;\n" > (dir "/page.c")
    printf "const block blocks[] = {\n%s    {NULL, 0, NULL, 0}};\n#include \"run.h\"\n", calls > (dir "/page.c")
    print count + 0
}
