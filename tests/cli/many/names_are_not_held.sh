# A walk over twenty times as many files takes no more memory: names are not held.
need python3
[[ -z ${ASAN_OPTIONS:-} ]] || skip 'the sanitizers hold freed memory'
mkdir few
for i in {1..1000}; do
    echo $i >few/a_name_of_some_length_for_file_$i
done
cinch -r few
rm few/*[0-9]
mkdir many
for i in {1..20}; do
    cp -al few many/$i
done
python3 - <<'END'
import os

def peak(*arguments):
    pid = os.spawnlp(os.P_NOWAIT, "cinch", "cinch", *arguments)
    _, status, usage = os.wait4(pid, 0)
    print(arguments, "exit", os.waitstatus_to_exitcode(status))
    return usage.ru_maxrss

# One worker: how much two take depends on when each first met a file.
few = peak("-t", "-r", "-T1", "few")
many = peak("-t", "-r", "-T1", "many")
# Twenty thousand names alone are more.
if many - few > 4 << 10:
    print(few, "KiB for a thousand files,", many, "KiB for twenty thousand")
END
