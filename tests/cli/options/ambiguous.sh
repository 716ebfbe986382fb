status_of cinch --ver nothing
status_of cinch --keep=3 nothing
status_of cinch --verb --help | tail -1
