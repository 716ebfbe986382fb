"""Runs the contestants of a row in turn, and reads every output back."""

import filecmp
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import time

from . import data as data_module
from . import rows as rows_module

# What others may take of a processor, on average, without a round being called disturbed.
OTHERS_MOST = 0.25

SUFFIXES = {"zstd": ".zst", "gzip": ".gz"}
READERS = {"zstd": ["zstd", "-dcq"], "gzip": ["gzip", "-dc"]}


class Wrong(Exception):
    """A contestant failed, or its output is not what it should be."""


def fill(command, source, target):
    return [word.replace("{in}", source).replace("{out}", target) for word in command]


def digest(path):
    summer = hashlib.sha256()
    with open(path, "rb") as content:
        while part := content.read(1 << 20):
            summer.update(part)
    return summer.digest()


def walk(folder):
    """Paths of all files below the folder, relative to it, in order."""
    for parent, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            yield os.path.relpath(os.path.join(parent, name), folder)


class Runner:
    """Keeps the inputs and outputs of rows in one scratch folder."""

    def __init__(self, measure, folder, scratch, most=None, repeats=True):
        self.measure_program = measure
        self.data = data_module.find(folder)
        self.scratch = scratch
        self.most = most  # bytes of input at most; None: as the rows say
        self.repeats = repeats  # rounds that were disturbed
        self.cut_name = None

    def path(self, name):
        return os.path.join(self.scratch, name)

    # --- Inputs ---------------------------------------------------------------------------

    def content(self, row):
        """The row's data in the scratch folder. One file at a time is kept there."""
        source = self.data[row.data]
        if row.data == "small":
            return self.small_content(source)
        length = min(row.length, self.most or row.length)
        wanted = f"content-{row.data}-{length}"
        if self.cut_name != wanted:
            if self.cut_name is not None:
                os.remove(self.path(self.cut_name))
            data_module.cut(source, self.path(wanted), length)
            self.cut_name = wanted
        return self.path(wanted)

    def small_content(self, source):
        target = self.path("small")
        if not os.path.exists(target):
            shutil.copytree(source, target)
        return target

    def make_input(self, row, content):
        """What the contestants read: the data, or what the row's maker made of it."""
        if row.maker is None:
            return content
        made = self.path("input")
        with open(os.devnull if "{out}" in row.maker else made, "wb") as out:
            subprocess.run(fill(row.maker, content, made), stdout=out, check=True)
        return made

    # --- Running --------------------------------------------------------------------------

    def run(self, contestant, source, target):
        """One run: (wall, processor, peak, what others took of the processors)."""
        output = {rows_module.STDOUT: target, rows_module.PIPE: "|"}.get(contestant.output, "-")
        command = fill(contestant.command, source, target)
        told = subprocess.run([self.measure_program, output] + command, check=True,
                              capture_output=True, text=True)
        wall, processor, peak, others, status = told.stdout.split()
        if status != "0":
            raise Wrong(f"{' '.join(command)}: status {status}\n{told.stderr}")
        return float(wall), float(processor), int(peak), float(others)

    # --- Checking -------------------------------------------------------------------------

    def check_file(self, row, content, target):
        """Raises Wrong unless the output is, or decompresses to, the data."""
        if row.reader == "":
            if not filecmp.cmp(content, target, shallow=False):
                raise Wrong(f"{row.id}: {target} is not the data")
            return
        decoded = self.path("decoded")
        with open(target, "rb") as compressed, open(decoded, "wb") as out:
            reader = subprocess.run(READERS[row.reader], stdin=compressed, stdout=out,
                                    stderr=subprocess.DEVNULL, check=False)
        same = reader.returncode == 0 and filecmp.cmp(content, decoded, shallow=False)
        os.remove(decoded)
        if not same:
            raise Wrong(f"{row.id}: {target} does not decompress to the data")

    def check_tree(self, row, folder, outputs):
        """The same for the outputs that lie beside their sources."""
        suffix = SUFFIXES[row.reader]
        decoded = self.path("decoded")
        if row.reader == "zstd":
            names = self.path("outputs")
            with open(names, "w", encoding="utf-8") as out:
                out.writelines(os.path.join(folder, name) + "\n" for name in outputs)
            subprocess.run(["zstd", "-dq", "--output-dir-mirror", decoded, "--filelist", names],
                           check=True)
        for name in outputs:
            with open(os.path.join(folder, name[:-len(suffix)]), "rb") as source:
                content = source.read()
            if row.reader == "zstd":
                found = os.path.join(decoded, folder.lstrip("/"), name[:-len(suffix)])
                with open(found, "rb") as result:
                    same = result.read() == content
            else:
                with gzip.open(os.path.join(folder, name)) as result:
                    same = result.read() == content
            if not same:
                raise Wrong(f"{row.id}: {name} does not decompress to its source")
        shutil.rmtree(decoded, ignore_errors=True)

    def judge_tree(self, row, folder, known):
        """Checks and removes the outputs beside the sources; their size in all."""
        suffix = SUFFIXES[row.reader]
        names = list(walk(folder))
        outputs = [name for name in names if name.endswith(suffix)]
        if 2 * len(outputs) != len(names):
            raise Wrong(f"{row.id}: {len(outputs)} outputs of {len(names) - len(outputs)} files")
        summer = hashlib.sha256()
        for name in outputs:
            summer.update(digest(os.path.join(folder, name)))
        if summer.digest() not in known:
            self.check_tree(row, folder, outputs)
            known.add(summer.digest())
        size = sum(os.path.getsize(os.path.join(folder, name)) for name in outputs)
        for name in outputs:
            os.remove(os.path.join(folder, name))
        return size

    def judge(self, row, contestant, source, content, target, known):
        """
        Checks one run's output and removes it; its size. An output of the same bytes as one that
        was read back before needs no second reading.
        """
        if contestant.output == rows_module.TREE:
            return self.judge_tree(row, source, known)
        size = os.path.getsize(target)
        if row.reader == "":
            self.check_file(row, content, target)
        else:
            summed = digest(target)
            if summed not in known:
                self.check_file(row, content, target)
                known.add(summed)
        os.remove(target)
        return size

    # --- A row ----------------------------------------------------------------------------

    def prove_pipe(self, row, contestant, source, content):
        """What goes into a pipe is not kept, so it is checked once before, in a file."""
        target = self.path("output")
        kept = rows_module.Contestant(contestant.command, rows_module.STDOUT)
        self.run(kept, source, target)
        return self.judge(row, kept, source, content, target, set())

    def open_entries(self, row, source, content, known):
        entries = {}
        for name, contestant in row.contestants.items():
            if not shutil.which(contestant.command[0]):
                continue
            entries[name] = {"command": contestant.command, "wall": [], "processor": [],
                             "peak": [], "size": 0}
            known[name] = set()
            if contestant.output == rows_module.PIPE:
                entries[name]["size"] = self.prove_pipe(row, contestant, source, content)
        return entries

    def run_round(self, row, number, entries, source, content, known):
        """One run of each: ({name: figures}, whether others left the processors alone)."""
        names = list(entries)
        shift = number % len(names)  # nobody is always the one with the warmest cache
        taken = {}
        is_calm = True
        for name in names[shift:] + names[:shift]:
            contestant = row.contestants[name]
            target = self.path("output")
            try:
                *figures, others = self.run(contestant, source, target)
            except Wrong as refusal:
                if not contestant.optional:
                    raise
                print(f"left out: {refusal}", file=sys.stderr)
                del entries[name]
                continue
            taken[name] = figures
            is_calm = is_calm and others <= OTHERS_MOST * figures[0] + 0.03
            if contestant.output != rows_module.PIPE:
                entries[name]["size"] = self.judge(row, contestant, source, content, target,
                                                   known[name])
        return taken, is_calm

    def run_row(self, row, rounds):
        """
        {"contestants": {name: {"wall": [...], "processor": [...], "peak": [...], "size": bytes}},
         "input_bytes": bytes, "disturbed": how many of the rounds that count,
         "seconds": that all of it took}

        A round in which others took much of the processors is taken again, as far as that helps.
        """
        begin = time.monotonic()
        content = self.content(row)
        source = self.make_input(row, content)
        known = {}
        entries = self.open_entries(row, source, content, known)
        done = disturbed = spare = 0
        while done < rounds:
            taken, is_calm = self.run_round(row, done + spare, entries, source, content, known)
            if not is_calm and self.repeats and spare < rounds:
                spare += 1
                continue
            done += 1
            disturbed += not is_calm
            for name, figures in taken.items():
                for metric, figure in zip(("wall", "processor", "peak"), figures):
                    entries[name][metric].append(figure)
        if row.maker is not None:
            os.remove(source)
        size = os.path.getsize(content) if os.path.isfile(content) else sum(
            os.path.getsize(os.path.join(content, name)) for name in walk(content))
        return {"contestants": entries, "input_bytes": size, "disturbed": disturbed,
                "seconds": round(time.monotonic() - begin, 1)}
