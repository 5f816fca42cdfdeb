/* RUN: u32 credit, u64 timeout_us, u64 grace_us, text cwd, list of text argv, list of text env
 * ("NAME=value"), text exchange, list of files (text name, u32 mode, blob), list of text
 * directories, list of text collect, u64 collect_limit. */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

extern char **environ;

#define TEXT_MIN 5 /* u32 length and the NUL */

static int is_file_name(const char *name)
{
    return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* A NULL-terminated array of the texts of a list; `spare` more places are left before the NULL. */
static char **take_texts(struct cursor *cursor, uint32_t *count, size_t spare)
{
    *count = take_count(cursor, TEXT_MIN);
    char **texts = calloc((size_t)*count + spare + 1, sizeof *texts);

    for (uint32_t i = 0; texts && i < *count; i++)
        texts[i] = (char *)(uintptr_t)take_text(cursor);
    return texts;
}

static const char **take_names(struct cursor *cursor, uint32_t *count)
{
    const char **names = (const char **)take_texts(cursor, count, 0);

    for (uint32_t i = 0; names && i < *count; i++)
        cursor->bad |= !is_file_name(names[i]);
    return names;
}

static size_t key_size(const char *entry)
{
    const char *equals = strchr(entry, '=');
    return equals ? (size_t)(equals - entry) : 0;
}

static int has_key(char **env, uint32_t count, const char *entry)
{
    size_t size = key_size(entry);

    for (uint32_t i = 0; i < count; i++)
        if (strncmp(env[i], entry, size + 1) == 0)
            return 1;
    return 0;
}

/* The declared environment, then what the agent itself has and the request does not name. */
static char **take_environment(struct cursor *cursor)
{
    size_t inherited = 0;
    uint32_t count;

    while (environ[inherited])
        inherited++;
    char **env = take_texts(cursor, &count, inherited);
    if (!env)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        cursor->bad |= key_size(env[i]) == 0;
    size_t size = count;
    for (size_t i = 0; i < inherited; i++)
        if (key_size(environ[i]) && !has_key(env, count, environ[i]))
            env[size++] = environ[i];
    return env;
}

static struct exchange_file *take_files(struct cursor *cursor, uint32_t *count)
{
    *count = take_count(cursor, TEXT_MIN + 8);
    struct exchange_file *files = calloc((size_t)*count + 1, sizeof *files);

    for (uint32_t i = 0; files && i < *count; i++) {
        files[i].name = take_text(cursor);
        files[i].mode = take_u32(cursor) & 07777;
        files[i].content = take_blob(cursor, &files[i].size);
        cursor->bad |= !is_file_name(files[i].name);
    }
    return files;
}

int run_request_parse(struct run_request *request, const void *body, size_t size)
{
    struct cursor cursor = cursor_over(body, size);
    uint32_t argc;

    memset(request, 0, sizeof *request);
    request->credit = take_u32(&cursor);
    request->timeout_us = take_u64(&cursor);
    request->grace_us = take_u64(&cursor);
    request->cwd = take_text(&cursor);
    request->argv = take_texts(&cursor, &argc, 0);
    request->env = take_environment(&cursor);
    request->exchange = take_text(&cursor);
    request->files = take_files(&cursor, &request->file_count);
    request->directories = take_names(&cursor, &request->directory_count);
    request->collect = take_names(&cursor, &request->collect_count);
    request->collect_limit = take_u64(&cursor);
    if (!request->argv || !request->env || !request->files || !request->directories ||
        !request->collect)
        return ENOMEM;
    if (!cursor_done(&cursor) || argc == 0)
        return EBADMSG;
    return 0;
}

void run_request_free(struct run_request *request)
{
    free(request->argv);
    free(request->env);
    free(request->files);
    free((void *)request->directories);
    free((void *)request->collect);
}
