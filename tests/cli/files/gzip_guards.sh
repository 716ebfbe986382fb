# Under gzip's name files with several names or special bits stay, without -f.
text 300 >a
ln a b
text 300 2 >setuid
chmod u+s setuid
text 300 3 >setgid
chmod g+s setgid
text 300 4 >sticky
chmod +t sticky
status_of as gzip a setuid setgid sticky
names
as gzip -c a | as gzip -d | cmp - a
as gzip -f setuid a
names
cinch setgid sticky b
names
