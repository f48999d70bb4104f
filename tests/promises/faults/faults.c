/* Watches the calls that change the disk under one folder, and lets one of them go wrong.

   Load it with LD_PRELOAD, and say through faults_arm what is to happen at which call; a process
   that is forked afterwards goes on from there. What C's own buffered streams write is not seen. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The same numbers are in warm.py. */
enum fault { NONE, KILL_BEFORE, KILL_HALF, KILL_AFTER, INTERRUPT, FAIL, FAIL_FROM_HERE, VANISH };
enum course { GO_ON, GO_HALF, DIE_AFTER, REFUSE };

static char folder[PATH_MAX];
static enum fault fault;
static int point, number, calls;
static char names[1 << 20];
static size_t length;

/* From now on, let `what` happen at the call with the number `at`, of those under `where`; a call
   that fails sets errno to `error`. */
void faults_arm(const char *where, int what, int at, int error)
{
    snprintf(folder, sizeof folder, "%s", where);
    fault = what;
    point = at;
    number = error;
    calls = 0;
    length = 0;
    names[0] = 0;
}

void faults_disarm(void)
{
    folder[0] = 0;
}

/* The calls so far, one a line. */
const char *faults_calls(void)
{
    return names;
}

static int take_away(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static const char *path_of(int descriptor, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    path[size < 0 ? 0 : size] = 0;
    return path;
}

static const char *path_at(int descriptor, const char *name, char *path)
{
    char base[PATH_MAX] = "";
    if (name[0] == '/')
        return name;
    if (descriptor != AT_FDCWD)
        path_of(descriptor, base);
    else if (!getcwd(base, sizeof base))
        base[0] = 0;
    snprintf(path, PATH_MAX, "%.2000s/%.2000s", base, name);
    return path;
}

static enum course course_at(const char *call, const char *path)
{
    size_t size = strlen(folder);
    if (!size || strncmp(path, folder, size) || (path[size] && !strchr("/ ", path[size])))
        return GO_ON;
    calls++;
    int room = sizeof names - length;
    length += snprintf(names + length, room, "%s %s\n", call, path[size] ? path + size + 1 : ".");
    if (fault == FAIL_FROM_HERE && calls >= point) {
        /* From a disk that is full or broken, but not write-protected, a name can be taken. */
        if (number != EROFS && !strcmp(call, "unlink"))
            return GO_ON;
        errno = number;
        return REFUSE;
    }
    if (calls != point)
        return GO_ON;
    switch (fault) {
    case KILL_BEFORE:
        kill(getpid(), SIGKILL);
        return GO_ON;
    case KILL_HALF:
        return GO_HALF;
    case KILL_AFTER:
        return DIE_AFTER;
    case INTERRUPT:
        kill(getpid(), SIGINT);
        return GO_ON;
    case FAIL:
        errno = number;
        return REFUSE;
    case VANISH: {
        char gone[PATH_MAX];
        strcpy(gone, folder);
        folder[0] = 0; /* what is done here is not a call of the program */
        nftw(gone, take_away, 16, FTW_DEPTH | FTW_PHYS);
        strcpy(folder, gone);
        return GO_ON;
    }
    default:
        return GO_ON;
    }
}

static enum course course_of(const char *call, const char *path)
{
    int before = errno;
    enum course course = course_at(call, path);
    if (course != REFUSE)
        errno = before;
    return course;
}

#define REAL(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (!real)                                                                                     \
    real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* `half` is done instead of `whole` where a process is killed in the middle of a write. */
#define RUN(call, path, refused, half, whole)                                                      \
    enum course course = course_of(call, path);                                                    \
    if (course == REFUSE)                                                                          \
        return refused;                                                                            \
    __typeof__(whole) result = course == GO_HALF ? (half) : (whole);                               \
    if (course == GO_HALF || course == DIE_AFTER)                                                  \
        kill(getpid(), SIGKILL);                                                                   \
    return result

#define CHANGES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & (O_CREAT | O_TRUNC)))

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        REAL(name);                                                                                \
        char at[PATH_MAX];                                                                         \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, int) : 0;                        \
        va_end(more);                                                                              \
        if (!CHANGES(flags))                                                                       \
            return real(path, flags, mode);                                                        \
        RUN("open", path_at(AT_FDCWD, path, at), -1, -1, real(path, flags, mode));                 \
    }

#define OPENAT(name)                                                                               \
    int name(int base, const char *path, int flags, ...)                                           \
    {                                                                                              \
        REAL(name);                                                                                \
        char at[PATH_MAX];                                                                         \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, int) : 0;                        \
        va_end(more);                                                                              \
        if (!CHANGES(flags))                                                                       \
            return real(base, path, flags, mode);                                                  \
        RUN("open", path_at(base, path, at), -1, -1, real(base, path, flags, mode));               \
    }

#define FOPEN(name)                                                                                \
    FILE *name(const char *path, const char *mode)                                                 \
    {                                                                                              \
        REAL(name);                                                                                \
        char at[PATH_MAX];                                                                         \
        if (!strpbrk(mode, "wa+"))                                                                 \
            return real(path, mode);                                                               \
        RUN("open", path_at(AT_FDCWD, path, at), NULL, NULL, real(path, mode));                    \
    }

#define PWRITE(name, offset_type)                                                                  \
    ssize_t name(int descriptor, const void *bytes, size_t size, offset_type offset)               \
    {                                                                                              \
        REAL(name);                                                                                \
        char at[PATH_MAX];                                                                         \
        RUN("write", path_of(descriptor, at), -1, real(descriptor, bytes, size / 2, offset),       \
            real(descriptor, bytes, size, offset));                                                \
    }

/* A process that is killed loses nothing that it has written, so nobody need wait for the disk. */
#define SYNC(name)                                                                                 \
    int name(int descriptor)                                                                       \
    {                                                                                              \
        char at[PATH_MAX];                                                                         \
        RUN("sync", path_of(descriptor, at), -1, -1, 0);                                           \
    }

#define TRUNCATE(name, size_type)                                                                  \
    int name(const char *path, size_type size)                                                     \
    {                                                                                              \
        REAL(name);                                                                                \
        char at[PATH_MAX];                                                                         \
        RUN("truncate", path_at(AT_FDCWD, path, at), -1, -1, real(path, size));                    \
    }

#define FTRUNCATE(name, size_type)                                                                 \
    int name(int descriptor, size_type size)                                                       \
    {                                                                                              \
        REAL(name);                                                                                \
        char at[PATH_MAX];                                                                         \
        RUN("truncate", path_of(descriptor, at), -1, -1, real(descriptor, size));                  \
    }

#define SENDFILE(name, offset_type)                                                                \
    ssize_t name(int target, int source, offset_type *offset, size_t size)                         \
    {                                                                                              \
        REAL(name);                                                                                \
        char at[PATH_MAX];                                                                         \
        RUN("write", path_of(target, at), -1, real(target, source, offset, size / 2),              \
            real(target, source, offset, size));                                                   \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FOPEN(fopen)
FOPEN(fopen64)
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
SYNC(fsync)
SYNC(fdatasync)
TRUNCATE(truncate, off_t)
TRUNCATE(truncate64, off64_t)
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)
SENDFILE(sendfile, off_t)
SENDFILE(sendfile64, off64_t)

ssize_t write(int descriptor, const void *bytes, size_t size)
{
    REAL(write);
    char at[PATH_MAX];
    RUN("write", path_of(descriptor, at), -1, real(descriptor, bytes, size / 2),
        real(descriptor, bytes, size));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    REAL(writev);
    char at[PATH_MAX];
    RUN("write", path_of(descriptor, at), -1, real(descriptor, parts, count / 2),
        real(descriptor, parts, count));
}

int rename(const char *old, const char *new)
{
    REAL(rename);
    char at[PATH_MAX];
    RUN("rename", path_at(AT_FDCWD, new, at), -1, -1, real(old, new));
}

int renameat(int old_folder, const char *old, int new_folder, const char *new)
{
    REAL(renameat);
    char at[PATH_MAX];
    RUN("rename", path_at(new_folder, new, at), -1, -1, real(old_folder, old, new_folder, new));
}

int unlink(const char *path)
{
    REAL(unlink);
    char at[PATH_MAX];
    RUN("unlink", path_at(AT_FDCWD, path, at), -1, -1, real(path));
}

int unlinkat(int base, const char *path, int flags)
{
    REAL(unlinkat);
    char at[PATH_MAX];
    RUN("unlink", path_at(base, path, at), -1, -1, real(base, path, flags));
}

int rmdir(const char *path)
{
    REAL(rmdir);
    char at[PATH_MAX];
    RUN("unlink", path_at(AT_FDCWD, path, at), -1, -1, real(path));
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    char at[PATH_MAX];
    RUN("mkdir", path_at(AT_FDCWD, path, at), -1, -1, real(path, mode));
}

int mkdirat(int base, const char *path, mode_t mode)
{
    REAL(mkdirat);
    char at[PATH_MAX];
    RUN("mkdir", path_at(base, path, at), -1, -1, real(base, path, mode));
}
