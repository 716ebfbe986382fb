"""The data that is compressed.

A folder of data has some of these; what is missing is passed over:

    src512.tar, src.tar, src128.tar   source code, the first that is there ("source")
    libs.tar                          shared libraries ("libraries")
    random.bin                        what does not compress ("random")
    small/                            thousands of small files ("small")

make_data() makes such a folder of what any system has. It serves for comparing tools on one
machine; figures that are to be compared between machines need the same data.
"""

import os
import random
import shutil
import tarfile

NAMES = {
    "source": ("src512.tar", "src.tar", "src128.tar", "source.tar"),
    "libraries": ("libs.tar",),
    "random": ("random.bin",),
    "small": ("small",),
}

MIB = 1 << 20


def find(folder):
    """{kind: path} of the data in the folder."""
    found = {}
    for kind, names in NAMES.items():
        paths = (os.path.join(folder, name) for name in names)
        path = next((path for path in paths if os.path.exists(path)), None)
        if path is not None:
            found[kind] = path
    return found


def cut(source, target, length):
    """Makes `target` the first `length` bytes of `source`; returns how many there were."""
    done = 0
    with open(source, "rb") as data, open(target, "wb") as out:
        while done < length:
            part = data.read(min(MIB, length - done))
            if not part:
                break
            out.write(part)
            done += len(part)
    return done


def make_tar(target, folders, wanted, length):
    """Packs files for which `wanted(name)` is true until `length` bytes are there."""
    with tarfile.open(target, "w") as archive:
        for folder in folders:
            for parent, names, files in os.walk(folder):
                names.sort()
                for name in sorted(files):
                    path = os.path.join(parent, name)
                    if wanted(name) and os.path.isfile(path) and not os.path.islink(path):
                        archive.add(path, recursive=False)
                    if archive.offset >= length:
                        return


def make_small(target, source, count):
    """Cuts files of 0.5 to 20 KB from the file `source`, begun anew where it ends."""
    chance = random.Random(1)
    with open(source, "rb") as data:
        for number in range(count):
            length = chance.choice((512, 2000, 4000, 8000, 20000))
            content = data.read(length)
            if len(content) < length:
                data.seek(0)
                content = data.read(length)
            folder = os.path.join(target, str(number * 10 // count))
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"f{number}"), "wb") as out:
                out.write(content)


def make_data(folder, length, small_files):
    """Makes a folder of data from the system's own files, each about `length` bytes."""
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(folder, "source.tar")
    text = (".h", ".hpp", ".py", ".pl", ".pm", ".sh", ".txt", ".c", ".js", ".html", ".cmake")
    make_tar(source, ("/usr/include", "/usr/lib/python3", "/usr/share"),
             lambda name: name.endswith(text), length)
    make_tar(os.path.join(folder, "libs.tar"), ("/usr/lib",), lambda name: ".so" in name, length)
    with open(os.path.join(folder, "random.bin"), "wb") as out:
        for _ in range(max(1, length // MIB)):
            out.write(os.urandom(MIB))
    shutil.rmtree(os.path.join(folder, "small"), ignore_errors=True)
    make_small(os.path.join(folder, "small"), source, small_files)
