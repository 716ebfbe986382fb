"""The pages in docs/benchmarks: what was measured, on what, and which targets are met."""

import os

from . import results, scaling, tables
from .simulation import GIB, WAKE

COMMANDS = """```
meson setup build/release --buildtype=release -Dbench=enabled && ninja -C build/release
meson setup build/zlib-only --buildtype=release -Disal=disabled -Dlibdeflate=disabled
ninja -C build/zlib-only
bench/compare DATA --zlib-only build/zlib-only/src/cli/cinch --json compare.json
build/release/bench/cinch-bench DATA/src512.tar --json bench.json
bench/simulate DATA/src512.tar --json steps.json
bench/report compare.json bench.json steps.json
```"""


def put(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
        out.write(text.strip() + "\n")


def machine_text(machine):
    words = (f"{machine['processor']}, {machine['processors']} processors, "
             f"{machine['kernel']}")
    if "memory_mib" in machine:
        words += (f", {machine['memory_mib'] / 1024:.0f} GiB of memory; inputs and outputs on "
                  f"{machine['files']}")
    return words


def version_lines(versions):
    return "\n".join(f"- {name}: {text}" for name, text in sorted(versions.items()))


# --- In process ---------------------------------------------------------------------------

# Measurement, which rows, the figure, its limit, and how the target is told.
BENCH_TARGETS = (
    ("throughput", lambda row: (row["format"], row["level"], row["threads"]) == ("zstd", 3, 2),
     "processor_ratio", 1.10, "processor time of two threads over the bare codec's"),
    ("submit", lambda row: row["pool"] != "first call", "p99_us", 50,
     "return from compress_async, 99th percentile, µs"),
    ("cancel", lambda row: row["cancelled"] > 0, "p99_ms", 100,
     "cancel to completion, 99th percentile, ms"),
    ("callbacks", lambda row: True, "wall_ratio", 1.01, "callbacks on over off, wall"),
)


def row_name(row):
    if row["measurement"] == "submit":
        return f"pool: {row['pool']}"
    if row.get("work") == "decompress":
        return f"decompress {row['format']}"
    return f"{row['format']} {row['level']}"


def bench_target_lines(bench):
    """The worst row of each target, and how many rows it is the worst of."""
    lines = ["| figure | wanted at most | measured | worst of its rows | rows | |",
             "|---|--:|--:|---|--:|---|"]
    for measurement, wanted, name, limit, title in BENCH_TARGETS:
        rows = [row for row in bench["rows"]
                if row["measurement"] == measurement and wanted(row) and row[name] != "-"]
        if not rows:
            lines.append(f"| {title} | {limit} | not measured | | 0 | |")
            continue
        worst = max(rows, key=lambda row: row[name])
        mark = "met" if worst[name] <= limit else "**missed**"
        lines.append(f"| {title} | {limit} | {worst[name]:.4g} | {row_name(worst)} | {len(rows)} | "
                     f"{mark} |")
    return "\n".join(lines)


def bench_tables(bench):
    """Each measurement's rows as a table with its own columns."""
    parts = []
    for measurement in dict.fromkeys(row["measurement"] for row in bench["rows"]):
        rows = [row for row in bench["rows"] if row["measurement"] == measurement]
        names = [name for name in rows[0] if name != "measurement"]
        lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
        for row in rows:
            cells = (f"{row[name]:g}" if isinstance(row[name], float) else str(row[name])
                     for name in names)
            lines.append("| " + " | ".join(cells) + " |")
        parts.append(f"## {measurement}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def chunk_table(rows):
    """Of one format: a row for each level, a column for each size, what is chosen in bold."""
    sizes = sorted({row["chunk_kib"] for row in rows})
    head = (f"{size / 1024:.3g} MiB" if size >= 1024 else f"{size:g} KiB" for size in sizes)
    lines = ["| level | MiB | " + " | ".join(head) + " |", "|--:|--:|" + "--:|" * len(sizes)]
    for level in dict.fromkeys(row["level"] for row in rows):
        found = {row["chunk_kib"]: row for row in rows if row["level"] == level}
        cells = []
        for size in sizes:
            row = found.get(size)
            if row is None:
                cells.append("")
                continue
            lost = "-" if row["lost_percent"] == "-" else f"{row['lost_percent']:.2f} %"
            cell = f"{lost}, {row['efficiency']:.2f}"
            cells.append(f"**{cell}**" if row["chosen"] else cell)
        length = next(iter(found.values()))["input_mib"]
        lines.append(f"| {level} | {length:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_chunks(folder, bench):
    rows = [row for row in bench["rows"] if row["measurement"] == "chunks"]
    if not rows:
        return
    tables_of_formats = "\n\n".join(
        f"## {name}\n\n" + chunk_table([row for row in rows if row["format"] == name])
        for name in dict.fromkeys(row["format"] for row in rows))
    put(folder, "chunks.md", f"""
# What a chunk size loses, and what it brings

`cinch-bench --only chunks FILE` measured: {machine_text(bench['machine'])};
{bench['engines']}.

Each cell tells how many percent larger the output is than one stream of the same engine, and the
efficiency of two threads: the time of one over twice the time of two. The size that the library
takes for this input by itself is bold; `src/codec/zstd.c`, `deflate_zlib.c` and
`deflate_libdeflate.c` give the reasons. Short inputs get smaller chunks at zstd's levels with small
windows, so that there are some for every processor.

{tables_of_formats}
""")


def write_bench(folder, charts, bench):
    chart = ""
    if charts.speed_against_threads(bench, os.path.join(folder, "threads.svg")):
        chart = "![speed against threads](threads.svg)\n\n"
    put(folder, "in-process.md", f"""
# In process

What `cinch-bench` measured; its sources in `bench/` say how. {machine_text(bench['machine'])};
{bench['engines']}; {bench['input_bytes'] / 1e6:.0f} MB of input.

`bare` is the engine's own library on the same chunks in memory, without checks, reading or
writing, on one thread and on as many as the job has; `back` is decompressing what was written.

{chart}{bench_tables(bench)}
""")


# --- Whole programs -----------------------------------------------------------------------

def write_comparison(folder, charts, compared):
    drawn = ""
    for family in ("zstd", "gzip"):
        name = f"ratio-{family}.svg"
        if charts.speed_against_ratio(compared, family, os.path.join(folder, name)):
            drawn += f"![{family}: speed against ratio]({name})\n\n"
    put(folder, "comparison.md", f"""
# Whole programs, side by side

What `bench/compare` measured, {compared['threads']} threads:
{machine_text(compared['machine'])}.

All programs of a row ran in turn; figures are medians. "±" is half of what lies between the
fastest and the slowest run. Ratios are ours over the other's: below 1, cinch is faster or smaller;
"of shortest" compares the fastest runs. Every output was read back by the format's stock tool.

{drawn}{tables.whole(compared)}
""")


def write_index(folder, compared, bench, note):
    parts = ["# Benchmarks\n\nFigures say something only beside others of the same run. "
             "`bench/report` writes this page."]
    if compared is not None:
        parts.append(f"Machine: {machine_text(compared['machine'])}.\n\nPrograms:\n\n"
                     f"{version_lines(compared['versions'])}")
    if note:
        parts.append(note)
    parts.append(f"Commands:\n\n{COMMANDS}")
    links = (("Whole programs, side by side", "comparison.md"), ("In process", "in-process.md"),
             ("What a chunk size loses, and what it brings", "chunks.md"),
             ("Scaling past this machine", "scaling.md"), ("What is missed, and why", "missed.md"))
    parts.append("\n".join(f"- [{title}]({name})" for title, name in links
                           if os.path.exists(os.path.join(folder, name))))
    if compared is not None:
        parts.append(f"## Targets beside other programs\n\n{tables.target_lines(compared)}")
    if bench is not None:
        parts.append(f"## Targets in process\n\n{bench_target_lines(bench)}")
    put(folder, "README.md", "\n\n".join(parts))


# --- Scaling ------------------------------------------------------------------------------

def write_scaling(folder, charts, steps):
    charts.speedup(scaling.curves(steps, 8 * GIB), "a job of 8 GiB, simulated",
                   os.path.join(folder, "scaling.svg"))
    most, middle = scaling.error(steps)
    found, locks = scaling.contended(steps)
    put(folder, "scaling.md", f"""
# Scaling past this machine

Measured: {machine_text(steps['machine'])}. Beyond its processors everything here is computed, not
measured.

## What goes one at a time

Seconds of processor time for a GiB of content, on one thread, from `cinch-steps`. *work* scales
with the workers. *write* is what the kernel lets one thread at a time do to one file; *take* and
*put* are the ring's own steps in order (put without its write); *locks* is how long the pool's and
the ring's lock are held in all. On two threads {found} of {locks} acquisitions found a lock taken.
*serial* is the longest of the serial steps as a part of everything.

{scaling.serial_table(steps)}

## The model

A job with W seconds of work and S seconds in its longest serial step takes max((W + S) / N, S) on N
workers, and what its ends take. Serial steps overlap with the work on other chunks, so it is no
sum as in Amdahl's law: up to N = (W + S) / S nothing of S is seen, beyond it nothing else. A
worker cannot share a chunk, so N is at most the number of chunks.

## The check

`bench/lib/simulation.py` runs the ring's rules with virtual workers in virtual time, on the service
times of the run on *one* thread; {WAKE * 1e6:.0f} µs are assumed for calling a worker. On two
workers it is off by {middle:.0f} % at the median and by {most:.0f} % at most. The last column is
the assumption that breaks first, seen on two workers: how much longer the same work takes beside a
second worker.

{scaling.check_table(steps)}

## 8, 32 and 128 processors

How many times as fast as one worker: simulated, and in brackets by the model.

{scaling.prediction_table(steps)}

![simulated speedup](scaling.svg)

## What would break this

- *Work that grows with the workers.* Service times are taken as constant. They are not where
  workers share memory bandwidth or a last-level cache, run at a lower clock when all are busy, or
  are hyperthreads of one core. A design cannot mend that; smaller working sets do.
- *The kernel's lock on the output file.* It is in the model as *write*, and it is the limit of
  decompression. A file system that allows concurrent writes would lift it, a slower one, or a disk,
  would lower it.
- *Few chunks.* A chunk's size follows from the level and the input's length, so short inputs give
  fewer chunks than a large machine has processors: the columns for 1 GiB.
- *Locks.* Held for some hundred nanoseconds a few times a chunk, they are taken for at most
  {100 * scaling.locks_part(steps, 128):.1f} % of the time at 128 workers; the model breaks when
  chunks take microseconds, as they do at the smallest `chunk_size` that a caller may ask for.
- *Many sockets.* A cache line that travels between sockets makes a lock cost some microseconds
  instead; at these chunk sizes still nothing.
""")


def write_all(folder, charts, compared, bench, steps, note):
    if compared is not None:
        write_comparison(folder, charts, compared)
    if bench is not None:
        write_bench(folder, charts, bench)
        write_chunks(folder, bench)
    if steps is not None:
        write_scaling(folder, charts, steps)
    if compared is not None or bench is not None:
        write_index(folder, compared, bench, note)
