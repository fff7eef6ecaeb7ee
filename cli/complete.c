// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Completion scripts for bash, zsh and fish, from the tables and records. They hold all words, call nothing.
#include "records.h"

#include <string.h>

static void each_verb(void (*fn)(const char *name, const char *help))
{
    const verb *v;
    const kal_op *op;
    for (size_t i = 0; (v = verb_at(i)) != NULL; i++) fn(v->name, v->help);
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++) fn(op->name, op->help);
}

static void each_format(void (*fn)(const char *name, const char *help))
{
    kal_codec_info c;
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++) fn(c.name, c.help);
}

// The first line, without what a shell's quotes would stumble over.
static void put_help(const char *help, const char *without)
{
    for (const char *c = help; *c && *c != '\n'; c++)
        if (!strchr(without, *c)) putchar(*c);
}

static void put_choices(const char *words)
{
    for (; *words; words++) putchar(*words == '|' ? ' ' : *words);
}

static void put_flags(unsigned groups)
{
    const option *o;
    for (size_t i = 0; (o = option_at(i)) != NULL; i++)
        if (o->groups & groups) printf(" --%s", o->flag);
}

static bool is_choice(const option *o)
{
    return o->kind == IS_CHOICE || o->kind == IS_ENV;
}

static bool has_choices(const kal_param *p)
{
    return p->kind == KAL_PARAM_CHOICE || p->kind == KAL_PARAM_BOOL;
}

static const char *choices_of(const kal_param *p)
{
    return p->kind == KAL_PARAM_BOOL ? "true|false" : p->unit;
}

static const unsigned of_op = OPT_OUT | OPT_RUN | OPT_EVAL | OPT_HELP;

// ---- bash ---------------------------------------------------------------------------------------

static void bash_name(const char *name, const char *help)
{
    (void)help;
    printf(" %s", name);
}

// Words of bash split at =, so only what stands behind it is completed. Files are left to readline.
static void bash(void)
{
    const verb *v;
    const kal_op *op;
    const option *o;
    puts("# completion of kal for bash; made by kal --print-completion bash\n"
         "_kal()\n{\n    local cur=${COMP_WORDS[COMP_CWORD]} prev= verb=${COMP_WORDS[1]} words= flags= "
         "key=\n    COMPREPLY=()\n"
         "    (( COMP_CWORD > 0 )) && prev=${COMP_WORDS[COMP_CWORD-1]}");
    fputs("    local verbs=\"", stdout);
    each_verb(bash_name);
    puts("\"\n    if (( COMP_CWORD == 1 )); then\n        COMPREPLY=( $(compgen -W \"$verbs\" -- \"$cur\") "
         ")\n        return\n    fi");
    puts("    if [[ $cur == = ]]; then key=$prev cur=\n    elif [[ $prev == = ]]; then "
         "key=${COMP_WORDS[COMP_CWORD-2]}\n    fi");
    puts("    case $verb:$key in");
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++)
        for (size_t k = 0; k < op->n_params; k++) {
            if (!has_choices(&op->params[k])) continue;
            printf("    %s:%s) words=\"", op->name, op->params[k].name);
            put_choices(choices_of(&op->params[k]));
            puts("\" ;;");
        }
    puts("    esac\n    if [[ -n $key ]]; then\n        COMPREPLY=( $(compgen -W \"$words\" -- \"$cur\") )\n "
         "       return\n    fi\n    case $prev in");
    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        if (!is_choice(o)) continue;
        printf("    --%s) COMPREPLY=( $(compgen -W \"", o->flag);
        put_choices(o->value);
        puts("\" -- \"$cur\") ); return ;;");
    }
    puts("    esac\n    case $verb in");
    for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
        printf("    %s) flags=\"", v->name);
        put_flags(v->groups | OPT_HELP);
        if (v->run == formats_main) {
            fputs("\" words=\"", stdout);
            each_format(bash_name);
        }
        printf("\"%s ;;\n", v->run == help_main || v->run == ops_main ? " words=$verbs" : "");
    }
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++) {
        printf("    %s) words=\"", op->name);
        for (size_t k = 0; k < op->n_params; k++) printf(" %s=", op->params[k].name);
        fputs("\" flags=\"", stdout);
        put_flags(of_op);
        puts("\" ;;");
    }
    puts("    esac\n    [[ $cur == -* ]] && words=$flags\n    COMPREPLY=( $(compgen -W \"$words\" -- "
         "\"$cur\") )\n"
         "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n    "
         "return 0\n}\n"
         "complete -o default -o bashdefault -F _kal kal");
}

// ---- zsh ----------------------------------------------------------------------------------------

static void zsh_name(const char *name, const char *help)
{
    printf("    '%s:", name);
    put_help(help, "'");
    puts("'");
}

static void zsh_options(unsigned groups)
{
    const option *o;
    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        if (!(o->groups & groups)) continue;
        if (o->letter)
            printf(" '(-%c --%s)'{-%c,--%s%s}'[", o->letter, o->flag, o->letter, o->flag,
                   o->value ? "=" : "");
        else
            printf(" '--%s%s[", o->flag, o->value ? "=" : "");
        put_help(o->help, "'[]:");
        putchar(']');
        if (is_choice(o)) {
            printf(":%s:(", o->flag);
            put_choices(o->value);
            putchar(')');
        } else if (o->value) {
            printf(":%s:%s", o->flag, o->kind == IS_PATH || o->kind == IS_PLUGIN ? "_files" : "");
        }
        putchar('\'');
    }
}

// params=(names) choices=(name 'words' …), for _kal_words.
static void zsh_params(const kal_op *op)
{
    fputs("params=(", stdout);
    for (size_t k = 0; k < op->n_params; k++) printf("%s%s", k ? " " : "", op->params[k].name);
    fputs(") choices=(", stdout);
    for (size_t k = 0; k < op->n_params; k++) {
        if (!has_choices(&op->params[k])) continue;
        printf(" %s '", op->params[k].name);
        put_choices(choices_of(&op->params[k]));
        putchar('\'');
    }
    fputs(")", stdout);
}

static void zsh(void)
{
    const verb *v;
    const kal_op *op;
    puts("#compdef kal\n# made by kal --print-completion zsh\n"
         "_kal_words() {\n  local key=${PREFIX%%=*}\n  if [[ $PREFIX == *=* ]]; then\n    compset -P '*='\n"
         "    compadd -- ${=choices[$key]}\n  else\n    (( $#params )) && compadd -S '' -- ${^params}=\n    "
         "_files\n  fi\n}\n"
         "_kal() {\n  local -a verbs params\n  local -A choices\n  verbs=(");
    each_verb(zsh_name);
    puts("  )\n  if (( CURRENT == 2 )); then\n    _describe verb verbs\n    return\n  fi\n  local "
         "verb=$words[2]\n"
         "  shift words\n  (( CURRENT-- ))\n  case $verb in");
    for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
        printf("  %s) _arguments", v->name);
        zsh_options(v->groups | OPT_HELP);
        if (v->run == formats_main) {
            fputs(" '1:format:(", stdout);
            each_format(bash_name);
            puts(")' ;;");
            continue;
        }
        printf(" %s ;;\n", v->run == help_main || v->run == ops_main ? "'1:name: _describe verb verbs'"
                                                                     : "'*:file:_files'");
    }
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++) {
        printf("  %s) ", op->name);
        zsh_params(op);
        fputs("\n    _arguments", stdout);
        zsh_options(of_op);
        puts(" '*:argument:_kal_words' ;;");
    }
    puts("  esac\n}");
    puts("_kal \"$@\"");
}

// ---- fish ---------------------------------------------------------------------------------------

static void fish_name(const char *name, const char *help)
{
    printf("complete -c kal -n __fish_use_subcommand -f -a %s -d '", name);
    put_help(help, "'\\");
    puts("'");
}

static void fish_format(const char *name, const char *help)
{
    printf("complete -c kal -n '__fish_seen_subcommand_from formats' -f -a %s -d '", name);
    put_help(help, "'\\");
    puts("'");
}

static void fish_option(const option *o)
{
    const verb *v;
    fputs("complete -c kal -n '__fish_seen_subcommand_from", stdout);
    for (size_t i = 0; (v = verb_at(i)) != NULL; i++)
        if (o->groups & (v->groups | OPT_HELP)) printf(" %s", v->name);
    for (size_t i = 0; (o->groups & of_op) && kal_op_at(i); i++) printf(" %s", kal_op_at(i)->name);
    printf("' -l %s", o->flag);
    if (o->letter) printf(" -s %c", o->letter);
    if (is_choice(o)) {
        fputs(" -x -a '", stdout);
        put_choices(o->value);
        putchar('\'');
    } else if (o->value) {
        fputs(" -r", stdout);
    }
    fputs(" -d '", stdout);
    put_help(o->help, "'\\");
    puts("'");
}

static void fish_param(const kal_op *op, const kal_param *p)
{
    for (int i = 0;; i++) {
        int n = 0;
        const char *word = has_choices(p) ? choice_word(choices_of(p), i, &n) : i ? NULL : "";
        if (!word) break;
        printf("complete -c kal -n '__fish_seen_subcommand_from %s' -a '%s=%.*s' -d '", op->name, p->name, n,
               word);
        put_help(p->help, "'\\");
        puts("'");
    }
}

static void fish(void)
{
    const option *o;
    const kal_op *op;
    puts("# completion of kal for fish; made by kal --print-completion fish");
    each_verb(fish_name);
    each_format(fish_format);
    for (size_t i = 0; (o = option_at(i)) != NULL; i++) fish_option(o);
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++)
        for (size_t k = 0; k < op->n_params; k++) fish_param(op, &op->params[k]);
}

bool print_completion(const char *shell)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (!strcmp(shells[i].name, shell)) return shells[i].print(), true;
    return false;
}
