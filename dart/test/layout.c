/* Prints where the compiler puts the fields of the structures that Dart describes, too: a line for
 * each is its name, its first byte and its bytes. layout_test.dart compiles and reads it. */
#include <stddef.h>
#include <stdio.h>

#include <cinch/cinch.h>

#define FIELD(structure, field)                                                                    \
    printf("%s.%s %zu %zu\n", #structure, #field, offsetof(structure, field),                      \
           sizeof(((structure *)NULL)->field))

int main(void)
{
    printf("cinch_options 0 %zu\n", sizeof(cinch_options));
    FIELD(cinch_options, struct_size);
    FIELD(cinch_options, format);
    FIELD(cinch_options, level);
    FIELD(cinch_options, flags);
    FIELD(cinch_options, chunk_size);
    FIELD(cinch_options, memory_limit);
    FIELD(cinch_options, output_limit);
    FIELD(cinch_options, on_progress);
    FIELD(cinch_options, on_complete);
    FIELD(cinch_options, user);
    FIELD(cinch_options, input_offset);
    FIELD(cinch_options, input_length);
    FIELD(cinch_options, input_fd);
    FIELD(cinch_options, window_log);
    printf("cinch_stats 0 %zu\n", sizeof(cinch_stats));
    FIELD(cinch_stats, struct_size);
    FIELD(cinch_stats, bytes_in);
    FIELD(cinch_stats, bytes_out);
    FIELD(cinch_stats, bytes_total);
    FIELD(cinch_stats, elapsed_ns);
    FIELD(cinch_stats, format);
    FIELD(cinch_stats, check);
    FIELD(cinch_stats, frames);
    FIELD(cinch_stats, chunks);
    FIELD(cinch_stats, trailing);
    return 0;
}
