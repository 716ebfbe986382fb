#include "io/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io/descriptor.h"

/* As many symbolic links as the kernel follows in one path. */
enum {
    LINKS_MAX = 40
};

static const struct place place_none = {.directory = -1};

static int32_t place_failure(struct failure *failure, int system_error)
{
    return failure_set_system(failure, FAILURE_OF_OUTPUT, "cannot open", system_error);
}

/* Whether the path ends in something that only a folder can be called. */
static bool names_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash != NULL ? slash + 1 : path;
    return last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

/* Splits `path` (relative to the folder `base`) into an open folder and a name. Returns errno,
 * and then has opened nothing; 0 on success. */
static int place_split(struct place *place, int base, const char *path)
{
    if (path[0] == '\0') {
        return ENOENT;
    }
    /* The folder of "a/b/" is "a": what is missing there is told before that "b/" is none. */
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') {
        end--;
    }
    const char *slash = memrchr(path, '/', end);
    size_t folder_length = slash != NULL ? (size_t)(slash - path) + 1 : 0;

    char *folder = folder_length > 0 ? strndup(path, folder_length) : strdup(".");
    if (folder == NULL) {
        return ENOMEM;
    }
    int directory = descriptor_open(base, folder, O_PATH | O_DIRECTORY, 0);
    int error = errno;
    free(folder);
    if (directory < 0) {
        return error;
    }
    if (names_folder(path)) {
        (void)close(directory);
        return EISDIR;
    }
    char *name = strdup(path + folder_length);
    if (name == NULL) {
        (void)close(directory);
        return ENOMEM;
    }
    place->directory = directory;
    place->name = name;
    return 0;
}

/*
 * The kernel's rule for links in sticky folders that everybody may write to, /tmp above all:
 * only one's own, or the folder's owner's, are followed. We read links ourselves, where the
 * kernel's own check does not see it, so we must ask. Returns 0, or errno: EACCES where it may not
 * be followed.
 */
static int check_link(int directory, const struct stat *link)
{
    struct stat folder;
    if (fstat(directory, &folder) != 0) {
        return errno;
    }
    bool open_to_all = (folder.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
    bool may = !open_to_all || link->st_uid == geteuid() || link->st_uid == folder.st_uid;
    return may ? 0 : EACCES;
}

/*
 * The links in /proc lead to an open file, and their text is only a description of it: of one
 * that was deleted or lies outside our root it is not even a path. Where `text` names the same
 * file it may be followed like any other.
 */
static bool text_is_description(const struct place *place, const char *text)
{
    struct statfs system;
    if (fstatfs(place->directory, &system) != 0 || system.f_type != PROC_SUPER_MAGIC) {
        return false;
    }
    struct stat led_to;
    struct stat named;
    return fstatat(place->directory, place->name, &led_to, 0) != 0 ||
           fstatat(place->directory, text, &named, 0) != 0 || led_to.st_dev != named.st_dev ||
           led_to.st_ino != named.st_ino;
}

/* Reads the link that stands at the place into `text` (PATH_MAX bytes); the empty text where no
 * link stands there. Returns errno, or 0. */
static int place_read_link(const struct place *place, char *text)
{
    text[0] = '\0';
    /* Held open, owner and text are of one and the same link. */
    int link = descriptor_open(place->directory, place->name, O_PATH | O_NOFOLLOW, 0);
    if (link < 0) {
        return errno == ENOENT ? 0 : errno;
    }
    int error = 0;
    struct stat status;
    if (fstat(link, &status) != 0) {
        error = errno;
    } else if (S_ISLNK(status.st_mode)) {
        ssize_t length = readlinkat(link, "", text, PATH_MAX);
        if (length < 0) {
            error = errno;
        } else if (length == PATH_MAX) {
            error = ENAMETOOLONG;
        } else {
            text[length] = '\0';
            error = check_link(place->directory, &status);
        }
    }
    (void)close(link);
    return error;
}

int32_t place_find(struct place *place, const char *path, struct failure *failure)
{
    *place = place_none;
    int error = place_split(place, AT_FDCWD, path);
    for (int links = 0; error == 0; links++) {
        char text[PATH_MAX];
        error = place_read_link(place, text);
        if (error != 0) {
            break;
        }
        if (text[0] == '\0') {
            return CINCH_OK;
        }
        if (links == LINKS_MAX) {
            error = ELOOP;
            break;
        }
        if (text_is_description(place, text)) {
            place_release(place);
            return failure_set(failure, CINCH_E_FILE_TYPE, FAILURE_OF_OUTPUT, "cannot replace", 0);
        }
        struct place next = place_none;
        error = place_split(&next, place->directory, text);
        place_release(place);
        *place = next;
    }
    place_release(place);
    return place_failure(failure, error);
}

int32_t place_check_replaceable(const struct place *place, struct failure *failure)
{
    struct stat status;
    if (fstatat(place->directory, place->name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? CINCH_OK : place_failure(failure, errno);
    }
    if (S_ISDIR(status.st_mode)) {
        return failure_set_system(failure, FAILURE_OF_OUTPUT, "cannot replace", EISDIR);
    }
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
        return failure_set(failure, CINCH_E_FILE_TYPE, FAILURE_OF_OUTPUT, "cannot replace", 0);
    }
    return CINCH_OK;
}

void place_release(struct place *place)
{
    if (place->directory >= 0) {
        (void)close(place->directory);
    }
    free(place->name);
    *place = place_none;
}
