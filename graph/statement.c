// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The statements of a text: what is saved and printed, what names stand for. Defs and what is declared: def.c, declare.c.
#include "parse.h"

#include "load.h"

#include <stdlib.h>
#include <string.h>

static kal_status set_root(kal__parser *r, kal_node *node)
{
    kal_node_unref(&r->p->root);
    r->p->root = node;
    return KAL_OK;
}

// `path`, `format` and the codec's own parameters, from the arguments of a save.
static kal_status finish_save(kal__parser *r, const kal__written *c, kal_node *image)
{
    char path[4096] = "", format[32] = "";
    kal__arg rest[KAL__MAX_ARGS];
    int32_t n = 0;
    for (int32_t i = 0; i < c->n_args; i++) {
        const kal__arg *a = &c->args[i];
        const bool named = a->key.kind == KAL__WORD;
        if (a->node)
            return kal__wrong(r, &a->key, "save takes no computed values: a plain value was expected");
        char *to = !named && !*path               ? path
                   : kal__same(&a->key, "path")   ? path
                   : kal__same(&a->key, "format") ? format
                                                  : NULL;
        const size_t room = to == path ? sizeof path : sizeof format;
        if (!to) {
            rest[n++] = *a;
            continue;
        }
        if (a->value.n >= room) return kal__wrong(r, &a->value, "a shorter word was expected");
        memcpy(to, a->value.text, a->value.n);
        to[a->value.n] = 0;
    }
    if (!*path) return kal__wrong(r, &c->op, "save where? save out.jpg");
    const kal__codec *codec;
    char word[KAL__SUFFIX];
    kal_status st = kal__codec_for_path(path, format, &codec, word, r->err);
    if (st) return kal__fail_at(r, &c->op, st);
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal__schema s = kal__schema_of_codec(codec);
    kal__codec_defaults(codec, word, params);
    kal__arena arena = {0};
    const kal__token *bad = &c->op;
    kal_node *encoded = NULL;
    st = kal__set_args(s, rest, n, params, &(kal__param_context){&image->call.extent, &arena, NULL}, &bad,
                       r->err);
    if (!st) bad = &c->op;
    if (!st) st = kal__encode(image, codec, params, &encoded, r->err);
    kal__arena_free(&arena);
    if (st) return kal__fail_at(r, bad, kal__of_output(st, r->err));
    kal__remember_place(r, &c->op, encoded);
    if (kal__add_save(r->p, encoded, path)) return KAL_OK;
    kal_node_unref(&encoded);
    return kal__no_memory(r);
}

// `image` is owned; NULL: the first argument is the image.
static kal_status parse_save(kal__parser *r, kal_node *image)
{
    kal__written *c = kal__new_zero(1, sizeof *c);
    if (!c) {
        kal_node_unref(&image);
        return kal__no_memory(r);
    }
    c->op = r->t;
    if (image) c->in[c->n++] = image;   // a value too: the error says that it is one
    kal_status st = kal__next(r);
    while (!st && kal__starts_arg(&r->t)) st = kal__parse_arg(r, c, 1);
    if (!st && c->n != 1)
        st = kal__wrong(r, &c->op, "save what? save image out.jpg, or image | save out.jpg");
    if (!st) st = finish_save(r, c, c->in[0]);
    if (!st) set_root(r, kal_node_ref(c->in[0]));
    kal__call_free(c);
    free(c);
    return st;
}

static kal_status parse_print(kal__parser *r)
{
    kal_node *node;
    kal_status st = kal__next(r);
    const kal__token first = r->t;
    if (!st) st = kal__parse_pipe(r, &node);
    if (st) return st;
    // a name alone is what it is called; anything else goes by its last op
    const bool named =
        first.kind == KAL__WORD && r->t.at == first.at + first.n + strspn(first.at + first.n, " \t\r");
    const char *name = named ? first.text : node->call.op ? node->call.op->name : "image";
    if (!kal__add_print(r->p, node, name, named ? first.n : strlen(name))) {
        kal_node_unref(&node);
        return kal__no_memory(r);
    }
    return set_root(r, kal_node_ref(node));
}

bool kal__is_identifier(const kal__token *t)
{
    if (t->kind != KAL__WORD || !t->n || (*t->text >= '0' && *t->text <= '9')) return false;
    for (size_t i = 0; i < t->n; i++) {
        const char c = t->text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

// name = 6, name = "text", name = [1 2 3]: one value and then the end of the statement.
static bool is_literal(const kal__parser *r)
{
    if (r->t.kind != KAL__WORD && r->t.kind != KAL__STRING && r->t.kind != KAL__LIST) return false;
    kal__parser look = *r;
    kal_error unused;
    look.err = &unused;
    if (kal__next(&look) || (look.t.kind != KAL__END && look.t.kind != KAL__NEWLINE)) return false;
    if (r->t.kind != KAL__WORD) return true;
    const kal__name *n = kal__lookup(r, r->t.text, r->t.n);
    if (n) return n->value != NULL;
    const kal_op *op;
    return kal__find_op(r->t.text, r->t.n, &op, NULL) != KAL_OK;
}

void kal__take_value(const kal__parser *r, const kal__token *t, kal__name *to)
{
    const kal__name *other = t->kind == KAL__WORD ? kal__lookup(r, t->text, t->n) : NULL;
    const bool named = other && other->value;
    to->value = named ? other->value : t->text;
    to->value_n = named ? other->value_n : t->n;
    to->quoted = named ? other->quoted : t->kind == KAL__STRING;
}

// Neither a def nor a param is defined again: both are known to others.
static kal_status may_define(const kal__parser *r, const kal__token *id)
{
    const kal__name *old = r->frame ? NULL : kal__names_find(&r->p->names, id->text, id->n);
    if (!old || (!old->def && !old->param)) return KAL_OK;
    kal_fail(r->err, KAL_SYNTAX, "\"%.*s\" is a %s already; take another name",
             (int)(id->n > 60 ? 60 : id->n), id->text, old->def ? "def" : "param");
    return kal__fail_at(r, id, KAL_SYNTAX);
}

kal_status kal__parse_definition(kal__parser *r, const kal__token *id)
{
    kal_status st = may_define(r, id);
    if (!st) st = kal__next(r);   // past the =
    if (st) return st;
    kal__name n = {.text = id->text, .n = id->n};
    if (is_literal(r)) {
        kal__take_value(r, &r->t, &n);
        st = kal__next(r);
    } else {
        st = kal__parse_pipe(r, &n.node);
        n.trail = r->trail;
        if (!st && !r->frame) set_root(r, kal_node_ref(n.node));
    }
    if (st) return st;
    return kal__define(r, &n) ? KAL_OK : kal__no_memory(r);
}

// What is declared begins with a word that another follows; by itself it is a name like any other.
static const struct {
    const char *word;
    kal_status (*parse)(kal__parser *r);
} declarations[] = {{"param", kal__parse_param}, {"def", kal__parse_def}, {"include", kal__parse_include}};

static kal_status (*declaration(const kal__parser *r, const kal__token *word))(kal__parser *)
{
    const bool follows = r->t.kind == KAL__WORD || r->t.kind == KAL__STRING;
    for (size_t i = 0; follows && i < sizeof declarations / sizeof *declarations; i++)
        if (kal__same(word, declarations[i].word)) return declarations[i].parse;
    return NULL;
}

// An included text makes no image; a literal is a value.
static kal_status only_declares(const kal__parser *r, const kal__token *t)
{
    kal_fail(r->err, KAL_SYNTAX,
             "an included text holds params, defs, literals and includes, and nothing that makes or saves an "
             "image");
    return kal__fail_at(r, t, KAL_SYNTAX);
}

// At the = behind a name.
static kal_status parse_named(kal__parser *r, const kal__token *id)
{
    kal__parser look = *r;
    const kal_status st = kal__next(&look);
    if (st) return st;
    const bool literal = is_literal(&look);
    if (!literal && r->file) return only_declares(r, id);
    return literal || !r->outline ? kal__parse_definition(r, id) : kal__leap_statement(r, id);
}

static kal_status parse_image(kal__parser *r)
{
    kal_node *node;
    kal_status st = kal__parse_pipe(r, &node);
    if (st) return st;
    if (r->t.kind == KAL__PIPE) {   // … | save
        st = kal__next(r);
        while (!st && r->t.kind == KAL__NEWLINE) st = kal__next(r);
        if (!st) return parse_save(r, node);
        kal_node_unref(&node);
        return st;
    }
    return set_root(r, node);
}

static kal_status parse_statement(kal__parser *r)
{
    const kal__token first = r->t;
    if (kal__is_identifier(&first)) {
        const kal__lexer mark = r->lex;
        const kal_status st = kal__next(r);
        if (st) return st;
        if (r->t.kind == KAL__EQUALS) return parse_named(r, &first);
        kal_status (*declare)(kal__parser *) = declaration(r, &first);
        if (declare) return declare(r);
        r->lex = mark;
        r->t = first;
    }
    if (r->file) return only_declares(r, &first);
    if (r->outline) return kal__leap_statement(r, NULL);
    if (kal__same(&first, "save")) return parse_save(r, NULL);
    if (kal__same(&first, "print")) return parse_print(r);
    return parse_image(r);
}

kal_status kal__parse_statements(kal__parser *r)
{
    kal_status st = kal__next(r);
    while (!st && r->t.kind != KAL__END) {
        if (r->t.kind == KAL__NEWLINE) {
            st = kal__next(r);
            continue;
        }
        st = parse_statement(r);
        if (!st && r->t.kind != KAL__END && r->t.kind != KAL__NEWLINE)
            st = kal__wrong(r, &r->t, "the end of the statement was expected");
    }
    return st;
}

kal_status kal__parse(kal__parser *r)
{
    kal_status st = kal__find_undone(r) ? kal__parse_statements(r) : kal__no_memory(r);
    return st ? st : kal__check_sets(r);
}
