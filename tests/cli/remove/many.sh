# Many sources go together, each once its own output is safe.
mkdir d
for i in {1..700}; do
    echo $i >d/$i
done
echo old >d/5.gz
status_of as gzip -r d
names d | grep -v 'gz$'
names d | grep -c 'gz$'
as gzip -dr d 2>/dev/null
echo "exit $?"
names d | grep 'gz$'
for i in {1..700}; do
    [[ $(<d/$i) == "$i" ]] || echo "$i differs"
done
