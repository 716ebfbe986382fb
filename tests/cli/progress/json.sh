# One JSON object a line, whatever is in a name.
need python3
text 3000 >a
echo data >$'odd "name" \\ \n\x01'
echo data >$'bad\xff'
mkfifo gate
start cinch --progress=json -B 4K -f -c a missing $'odd "name" \\ \n\x01' $'bad\xff' gate 2>log >out.zst
exec 3>gate
head -c 4096 /dev/zero >&3
wait_until grep -q '"progress","file":"gate","bytes_done":4096' log
exec 3>&-
wait $!
echo "exit $?"
cinch -dc out.zst | cmp - <(cat a $'odd "name" \\ \n\x01' $'bad\xff'; head -c 4096 /dev/zero)
python3 - <<'END'
import json
last = {}
for line in open("log", encoding="utf-8"):
    record = json.loads(line)
    event = record["event"]
    if event == "progress":
        name = record["file"]
        assert record["bytes_done"] >= last.get(name, 0)
        last[name] = record["bytes_done"]
    elif event != "start":
        record.pop("seconds", None)
        record.pop("bytes_out", None)
        print(json.dumps(record, sort_keys=True))
END
