"""What is compared: one row for each piece of work, the contestants of a row, and the targets.

The first contestant of a row is ours. A ratio is our median over a peer's: below 1, ours is the
faster or the smaller. In commands {in} and {out} stand for the files.
"""

from dataclasses import dataclass, field

from .data import MIB

# Where a contestant's output goes.
FILE = "file"      # to {out}, which the command opens itself
STDOUT = "stdout"  # its standard output is a file
PIPE = "pipe"      # its standard output is a pipe, emptied as fast as it is filled
TREE = "tree"      # {in} is a folder, and outputs appear beside their sources


@dataclass
class Contestant:
    command: list
    output: str = FILE
    optional: bool = False  # may refuse, where a level is not to be had in every build


@dataclass
class Target:
    against: str
    metric: str  # "wall", "processor", "size" or "peak"
    limit: float


@dataclass
class Row:
    name: str
    title: str
    data: str                # the kind of data
    length: int              # at most so many bytes of it
    contestants: dict        # {name: Contestant}, ours first
    reader: str = ""         # "zstd" or "gzip" reads the outputs; "": they are the data itself
    maker: list = None       # makes the row's input from the data
    targets: list = field(default_factory=list)
    rounds: int = 0          # 0: as many as are asked for

    @property
    def id(self):
        return f"{self.data}/{self.name}"


@dataclass
class Programs:
    cinch: str
    cinch_zlib: str = ""  # a build without the optional engines; "": there is none
    threads: int = 2


def cinch(path, *options, output=FILE, optional=False):
    where = ["-o", "{out}"] if output == FILE else ["-c"]
    return Contestant([path, *options, "-fq", *where, "{in}"], output, optional)


def to_stdout(*command, output=STDOUT, optional=False):
    return Contestant([*command, "-c", "{in}"], output, optional)


# --- Compression --------------------------------------------------------------------------

ZSTD_WALL = {1: 0.90, 3: 0.85, 9: 0.95, 19: 0.95}
GZIP_TARGETS = {1: (0.30, 1.00), 6: (0.60, 1.005), 9: (0.80, 1.005)}


# Bytes of a level's input: what all contestants of a row take some seconds for.
ZSTD_LENGTH = {1: 512 * MIB, 3: 512 * MIB, 9: 256 * MIB, 19: 64 * MIB}
GZIP_LENGTH = {1: 128 * MIB, 6: 128 * MIB, 9: 64 * MIB}
SLOW_ROUNDS = 3  # at most, where a run takes ten seconds and more


def gzip_length(data, level):
    return GZIP_LENGTH[level] if data == "source" else min(GZIP_LENGTH[level], 64 * MIB)


def zstd_options(level):
    """How zstd and cinch are asked for a level."""
    if level < 0:
        return [f"--fast={-level}"]
    return [f"-{level}"] if level <= 19 else ["--ultra", f"-{level}"]


def zstd_contestants(programs, level):
    threads = str(programs.threads)
    options = zstd_options(level)
    found = {
        "cinch": cinch(programs.cinch, *options, "-T", threads),
        "zstd": Contestant(["zstd", *options, f"-T{threads}", "-fq", "-o", "{out}", "{in}"]),
    }
    if level > 0:  # pzstd has no others
        found["pzstd"] = Contestant(["pzstd", *options, "-p", threads, "-fq", "-o", "{out}",
                                     "{in}"])
    return found


def zstd_row(programs, data, level):
    targets = [Target("zstd", "wall", ZSTD_WALL[level]), Target("zstd", "size", 1.01)]
    if level == 3:
        targets += [Target("pzstd", "wall", 0.95), Target("pzstd", "size", 1.00)]
    if level in (3, 19):
        targets.append(Target("zstd", "peak", 1.00))
    contestants = zstd_contestants(programs, level)
    if level == 19:
        del contestants["pzstd"]  # takes as long as zstd, and nothing is asked of it
    return Row(f"zstd-{level}", f"zstd {level}", data, ZSTD_LENGTH[level], contestants, "zstd",
               targets=targets, rounds=SLOW_ROUNDS if level == 19 else 0)


def gzip_contestants(programs, level, optional=False):
    threads = str(programs.threads)
    ours = cinch(programs.cinch, "--format=gzip", f"-{level}", "-T", threads, optional=optional)
    found = {"cinch": ours}
    if level <= 9:
        found["pigz"] = to_stdout("pigz", "-n", f"-{level}", "-p", threads)
        found["gzip"] = to_stdout("gzip", "-n", f"-{level}")
        found["bgzip"] = to_stdout("bgzip", "-l", str(level), f"-@{threads}")
    found["libdeflate-gzip"] = to_stdout("libdeflate-gzip", f"-{level}")
    if level <= 3:
        found["igzip"] = to_stdout("igzip", "-n", f"-{level}", "-T", threads)
    return found


def gzip_row(programs, data, level):
    wall, size = GZIP_TARGETS[level]
    return Row(f"gzip-{level}", f"gzip {level}", data, gzip_length(data, level),
               gzip_contestants(programs, level), "gzip",
               targets=[Target("pigz", "wall", wall), Target("pigz", "size", size)])


def zlib_only_rows(programs, data):
    """A build with zlib and libzstd alone is to be no slower than pigz and zstd either."""
    threads = str(programs.threads)
    path = programs.cinch_zlib
    for level in (1, 6, 9):
        yield Row(f"gzip-{level}-zlib", f"gzip {level}, zlib engine only", data,
                  gzip_length(data, level), {
                      "cinch (zlib)": cinch(path, "--format=gzip", f"-{level}", "-T", threads),
                      "pigz": to_stdout("pigz", "-n", f"-{level}", "-p", threads),
                  }, "gzip", targets=[Target("pigz", "wall", 1.00), Target("pigz", "size", 1.005)])
    yield Row("zstd-3-zlib", "zstd 3, zlib engine only", data, ZSTD_LENGTH[3], {
        "cinch (zlib)": cinch(path, "-3", "-T", threads),
        "zstd": zstd_contestants(programs, 3)["zstd"],
    }, "zstd", targets=[Target("zstd", "wall", 1.00)])
    for name, title, length, maker, peer in (
            ("unzstd-ours", "our .zst", 512 * MIB, cinch(path, "-3").command, "zstd"),
            ("unzstd-zstd", "a plain .zst", 512 * MIB, PLAIN_ZST, "zstd"),
            ("ungzip-ours", "our .gz", 128 * MIB, cinch(path, "--format=gzip", "-6").command,
             "pigz"),
            ("ungzip-gzip", "gzip's .gz", 128 * MIB, PLAIN_GZ, "pigz")):
        yield Row(f"{name}-zlib", f"decompress {title}, zlib engine only", data, length, {
            "cinch (zlib)": cinch(path, "-d", "-T", threads),
            peer: plain_decoders(programs, (peer,), FILE)[peer],
        }, maker=maker, targets=[Target(peer, "wall", 1.00)])


def threads_rows(programs, data):
    for name, options, length in (("zstd-3", ["-3"], 512 * MIB),
                                  ("gzip-6", ["--format=gzip", "-6"], 128 * MIB)):
        contestants = {f"cinch -T{count}": cinch(programs.cinch, *options, "-T", str(count))
                       for count in (programs.threads, 1)}
        yield Row(f"threads-{name}", f"{programs.threads} threads against one, "
                  f"{name.replace('-', ' ')}", data, length, contestants, name.split("-")[0],
                  targets=[Target("cinch -T1", "wall", 1.04 / programs.threads)])


# --- Decompression ------------------------------------------------------------------------

PLAIN_ZST = ["zstd", "-3", "-fq", "-o", "{out}", "{in}"]
PLAIN_GZ = to_stdout("gzip", "-n", "-6").command


def plain_decoders(programs, names, output):
    threads = str(programs.threads)
    known = {
        "zstd": ["zstd", "-d", "-fq"],
        "pzstd": ["pzstd", "-d", "-p", threads, "-fq"],
        "pigz": ["pigz", "-d"],
        "gzip": ["gzip", "-d"],
        "igzip": ["igzip", "-d"],
        "libdeflate-gzip": ["libdeflate-gzip", "-d"],
        "bgzip": ["bgzip", "-d", f"-@{threads}"],
    }
    found = {"cinch": cinch(programs.cinch, "-d", "-T", threads, output=output)}
    for name in names:
        if name in ("zstd", "pzstd") and output == FILE:
            found[name] = Contestant([*known[name], "-o", "{out}", "{in}"])
        else:
            found[name] = to_stdout(*known[name],
                                    output=STDOUT if output == FILE else output)
    return found


def decompression_rows(programs, data):
    threads = str(programs.threads)
    ours_zst = cinch(programs.cinch, "-3").command
    ours_gz = cinch(programs.cinch, "--format=gzip", "-6").command
    pzstd_zst = ["pzstd", "-3", "-p", threads, "-fq", "-o", "{out}", "{in}"]
    pigz_gz = to_stdout("pigz", "-n", "-6", "-p", threads).command
    igzip_gz = to_stdout("igzip", "-n", "-3").command
    bgzip_gz = to_stdout("bgzip", f"-@{threads}").command
    gzips = ("pigz", "gzip", "igzip", "libdeflate-gzip")
    zst, gz = 512 * MIB, 128 * MIB
    for name, title, length, maker, peers, targets in (
            ("unzstd-ours", "our .zst", zst, ours_zst, ("zstd",), [Target("zstd", "wall", 0.60)]),
            ("unzstd-zstd", "a plain .zst", zst, PLAIN_ZST, ("zstd",), []),
            ("unzstd-pzstd", "pzstd's .zst", zst, pzstd_zst, ("pzstd", "zstd"), []),
            ("ungzip-ours", "our .gz", gz, ours_gz, gzips, [Target("pigz", "wall", 0.20)]),
            ("ungzip-gzip", "gzip's .gz", gz, PLAIN_GZ, gzips, [Target("pigz", "wall", 0.35)]),
            ("ungzip-pigz", "pigz's .gz", gz, pigz_gz, ("pigz", "igzip"), []),
            ("ungzip-igzip", "igzip's .gz", gz, igzip_gz, ("igzip", "pigz"), []),
            ("ungzip-bgzip", "bgzip's .gz", gz, bgzip_gz, ("bgzip", "pigz"), [])):
        for output, suffix, where in ((FILE, "", ""), (PIPE, "-pipe", ", to a pipe")):
            # A pipe has no target of its own: what holds for files is told beside it.
            yield Row(name + suffix, f"decompress {title}{where}", data, length,
                      plain_decoders(programs, peers, output), maker=maker,
                      targets=targets if output == FILE else [],
                      rounds=0 if output == FILE else SLOW_ROUNDS)


# --- Many files ---------------------------------------------------------------------------

def small_rows(programs):
    threads = str(programs.threads)
    zstd = Contestant(["zstd", "-3", f"-T{threads}", "-rfq", "{in}"], TREE)
    pigz = Contestant(["pigz", "-6", "-p", threads, "-krfq", "{in}"], TREE)

    def ours(path, *options):
        return Contestant([path, *options, "-T", threads, "-krfq", "{in}"], TREE)

    gzip_options = ("--format=gzip", "-6")
    yield Row("zstd-3", "small files, zstd 3", "small", 0,
              {"cinch": ours(programs.cinch, "-3"), "zstd": zstd}, "zstd",
              targets=[Target("zstd", "wall", 0.60), Target("zstd", "size", 1.00)])
    yield Row("gzip-6", "small files, gzip 6", "small", 0,
              {"cinch": ours(programs.cinch, *gzip_options), "pigz": pigz,
               "gzip": Contestant(["gzip", "-6", "-krfq", "{in}"], TREE)}, "gzip")
    if programs.cinch_zlib:
        yield Row("zstd-3-zlib", "small files, zstd 3, zlib engine only", "small", 0,
                  {"cinch (zlib)": ours(programs.cinch_zlib, "-3"), "zstd": zstd}, "zstd",
                  targets=[Target("zstd", "wall", 1.00)])
        yield Row("gzip-6-zlib", "small files, gzip 6, zlib engine only", "small", 0,
                  {"cinch (zlib)": ours(programs.cinch_zlib, *gzip_options), "pigz": pigz},
                  "gzip", targets=[Target("pigz", "wall", 1.00)])


# --- Every level, for the chart -----------------------------------------------------------

# One input for all levels, as the ratio depends on it. Of so short a one zstd and pzstd make a
# single job from level 18 on, as they would of any file of this length; row zstd-19 has a longer.
LEVEL_LENGTH = 32 * MIB


def level_rows(programs, data):
    for level in (-7, -5, -3, -1, *range(1, 23)):
        contestants = zstd_contestants(programs, level)
        if level > 19:
            contestants.pop("pzstd")
        yield Row(f"level-zstd-{level}", f"zstd {level}", data, LEVEL_LENGTH, contestants, "zstd",
                  rounds=1 if level > 12 else 3)
    for level in range(1, 13):
        yield Row(f"level-gzip-{level}", f"gzip {level}", data, LEVEL_LENGTH,
                  gzip_contestants(programs, level, optional=True), "gzip",
                  rounds=1 if level > 9 else 3)


def all_rows(programs):
    """Every row of the full mode, in the order of the table."""
    for data in ("source", "libraries", "random"):
        for level in (1, 3, 9, 19):
            yield zstd_row(programs, data, level)
        for level in (1, 6, 9):
            yield gzip_row(programs, data, level)
        if programs.cinch_zlib:
            yield from zlib_only_rows(programs, data)
        yield from threads_rows(programs, data)
        yield from decompression_rows(programs, data)
    yield from small_rows(programs)
    yield from level_rows(programs, "source")


# What --quick runs, of each kind of data: enough to see that something became slower.
QUICK = (
    "source/zstd-1", "source/zstd-3", "source/gzip-1", "source/gzip-6", "source/gzip-6-zlib",
    "source/threads-zstd-3", "source/unzstd-ours", "source/ungzip-ours", "source/ungzip-gzip",
    "libraries/zstd-3", "libraries/gzip-6", "random/zstd-3", "random/gzip-6", "small/zstd-3",
)
QUICK_LENGTH = 64 * MIB
