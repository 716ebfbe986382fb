#include "disk.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- Files and names -------------------------------------------------------------------- */

static struct disk_file *find_file(const struct disk *disk, uint64_t number)
{
    for (size_t i = 0; i < disk->files_count; i++) {
        if (disk->files[i].number == number)
            return (struct disk_file *)&disk->files[i];
    }
    return NULL;
}

static struct disk_file *add_file(struct disk *disk, uint64_t number, bool is_folder, uint32_t mode)
{
    if (disk->files_count == DISK_FILES)
        die("too many files for the model");
    struct disk_file *file = &disk->files[disk->files_count++];
    *file = (struct disk_file){.number = number, .is_folder = is_folder, .mode = mode};
    return file;
}

static struct disk_name *find_name(const struct disk *disk, uint64_t folder, const char *name)
{
    for (size_t i = 0; i < disk->names_count; i++) {
        if (disk->names[i].folder == folder && strcmp(disk->names[i].name, name) == 0)
            return (struct disk_name *)&disk->names[i];
    }
    return NULL;
}

static void set_name(struct disk *disk, uint64_t folder, const char *name, uint64_t file)
{
    struct disk_name *entry = find_name(disk, folder, name);
    if (entry == NULL) {
        if (disk->names_count == DISK_NAMES)
            die("too many names for the model");
        entry = &disk->names[disk->names_count++];
        entry->folder = folder;
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
    }
    entry->file = file;
}

/* Makes the file at least so long, with zeros. */
static void extend(struct disk_file *file, size_t size)
{
    if (size <= file->content.size)
        return;
    file->content.data = realloc(file->content.data, size);
    if (file->content.data == NULL)
        die("no memory");
    memset(file->content.data + file->content.size, 0, size - file->content.size);
    file->content.size = size;
}

static uint64_t read_tree(struct disk *disk, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        die("cannot examine %s", path);
    struct disk_file *file =
        add_file(disk, status.st_ino, S_ISDIR(status.st_mode), status.st_mode & 07777);
    uint64_t number = file->number;
    if (S_ISREG(status.st_mode))
        file->content = content_read(path);
    DIR *folder = file->is_folder ? opendir(path) : NULL;
    if (folder == NULL)
        return number;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char inner[PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        set_name(disk, number, entry->d_name, read_tree(disk, inner));
    }
    (void)closedir(folder);
    return number;
}

void disk_read(struct disk *disk, const char *path)
{
    *disk = (struct disk){.root = 0};
    disk->root = read_tree(disk, path);
}

void disk_free(struct disk *disk)
{
    for (size_t i = 0; i < disk->files_count; i++)
        content_free(&disk->files[i].content);
}

static void disk_copy(struct disk *disk, const struct disk *from)
{
    *disk = *from;
    for (size_t i = 0; i < disk->files_count; i++) {
        struct disk_file *file = &disk->files[i];
        struct content content = file->content;
        file->content = (struct content){NULL, 0};
        if (content.size > 0) {
            extend(file, content.size);
            memcpy(file->content.data, content.data, content.size);
        }
    }
}

const struct disk_file *disk_find(const struct disk *disk, const char *path)
{
    uint64_t folder = disk->root;
    for (;;) {
        char name[RECORDER_NAME];
        size_t length = strcspn(path, "/");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        const struct disk_name *entry = find_name(disk, folder, name);
        if (entry == NULL || entry->file == 0)
            return NULL;
        if (path[length] == '\0')
            return find_file(disk, entry->file);
        folder = entry->file;
        path += length + 1;
    }
}

size_t disk_count(const struct disk *disk, const char *path)
{
    const struct disk_file *folder = disk_find(disk, path);
    size_t count = 0;
    for (size_t i = 0; folder != NULL && i < disk->names_count; i++)
        count += disk->names[i].folder == folder->number && disk->names[i].file != 0;
    return count;
}

/* --- Outages ---------------------------------------------------------------------------- */

static bool is_of_names(const struct operation *operation)
{
    return operation->kind == OPERATION_LINK || operation->kind == OPERATION_RENAME ||
           operation->kind == OPERATION_UNLINK;
}

static bool is_of_data(const struct operation *operation)
{
    return operation->kind == OPERATION_WRITE || operation->kind == OPERATION_TRUNCATE ||
           operation->kind == OPERATION_MODE;
}

/* Whether operation `i` has been brought to the disk before the outage. */
static bool is_safe(const struct log *log, uint32_t i, uint32_t done)
{
    const struct operation *operation = &log->operations[i];
    uint64_t place = is_of_names(operation) ? operation->folder : operation->file;
    for (uint32_t j = i + 1; j < done; j++) {
        const struct operation *sync = &log->operations[j];
        if (sync->kind == OPERATION_SYNC_ALL ||
            (sync->kind == OPERATION_SYNC && sync->file == place))
            return true;
    }
    return false;
}

void outage_plan(struct outage *outage, const struct disk *before, const struct log *log,
                 uint32_t done)
{
    *outage = (struct outage){.before = before, .log = log, .done = done};
    for (uint32_t i = 0; i < done; i++) {
        if (is_safe(log, i, done))
            continue;
        if (is_of_names(&log->operations[i]))
            outage->names[outage->names_count++] = i;
        else if (is_of_data(&log->operations[i]))
            outage->data[outage->data_count++] = i;
    }
}

/* What becomes of one operation on data. */
enum fate {
    FATE_DONE,
    FATE_LOST,
    FATE_LENGTH, /* of a write: the file is as long as after it */
    FATES
};

uint64_t outage_outcomes(const struct outage *outage)
{
    uint64_t outcomes = UINT64_C(1) << outage->names_count;
    for (uint32_t i = 0; i < outage->data_count; i++)
        outcomes *= FATES;
    return outcomes;
}

static void apply_name(struct disk *disk, const struct operation *operation)
{
    if (operation->kind == OPERATION_UNLINK) {
        set_name(disk, operation->folder, operation->name, 0);
        return;
    }
    set_name(disk, operation->folder, operation->name, operation->file);
    if (operation->kind == OPERATION_RENAME)
        set_name(disk, operation->from_folder, operation->from_name, 0);
}

static void apply_data(struct disk *disk, const struct log *log, const struct operation *operation,
                       enum fate fate)
{
    struct disk_file *file = find_file(disk, operation->file);
    if (file == NULL)
        die("the log tells of a file that nobody knows");
    if (fate == FATE_LOST)
        return;
    if (operation->kind == OPERATION_MODE) {
        file->mode = operation->mode;
    } else if (operation->kind == OPERATION_TRUNCATE) {
        extend(file, operation->size);
        file->content.size = operation->size;
    } else {
        extend(file, operation->offset + operation->size);
        if (fate == FATE_DONE)
            memcpy(file->content.data + operation->offset, log->data + operation->data,
                   operation->size);
    }
}

/* The place of `i` in a list, or the list's length. */
static uint32_t place_in(const uint32_t *list, uint32_t count, uint32_t i)
{
    uint32_t place = 0;
    while (place < count && list[place] != i)
        place++;
    return place;
}

void outage_make(const struct outage *outage, uint64_t outcome, struct disk *disk)
{
    const struct log *log = outage->log;
    enum fate fates[RECORDER_OPERATIONS] = {FATE_DONE};
    uint64_t names = outcome & ((UINT64_C(1) << outage->names_count) - 1);
    outcome >>= outage->names_count;
    for (uint32_t i = 0; i < outage->data_count; i++) {
        fates[i] = (enum fate)(outcome % FATES);
        outcome /= FATES;
    }
    disk_copy(disk, outage->before);
    for (uint32_t i = 0; i < outage->done; i++) {
        const struct operation *operation = &log->operations[i];
        if (operation->kind == OPERATION_CREATE) {
            (void)add_file(disk, operation->file, false, operation->mode);
        } else if (is_of_names(operation)) {
            uint32_t place = place_in(outage->names, outage->names_count, i);
            if (place == outage->names_count || (names >> place & 1) == 0)
                apply_name(disk, operation);
        } else if (is_of_data(operation)) {
            uint32_t place = place_in(outage->data, outage->data_count, i);
            apply_data(disk, log, operation,
                       place == outage->data_count ? FATE_DONE : fates[place]);
        }
    }
}
