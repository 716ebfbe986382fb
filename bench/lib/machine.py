"""What the figures were taken on: kind of processor and kernel, versions of the programs."""

import os
import platform
import re
import shutil
import subprocess

# How each program tells its version; most print it on the first line, some on standard error.
VERSION_COMMANDS = {
    "zstd": ["zstd", "--version"],
    "pzstd": ["pzstd", "--version"],
    "pigz": ["pigz", "--version"],
    "gzip": ["gzip", "--version"],
    "igzip": ["igzip", "--version"],
    "libdeflate-gzip": ["libdeflate-gzip", "-V"],
    "bgzip": ["bgzip", "--version"],
}


def version(command):
    """The first line with a number in it that the command prints, without its decoration."""
    if not shutil.which(command[0]):
        return None
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in (told.stdout + told.stderr).splitlines():
        if re.search(r"\d+\.\d", line):
            return line.strip(" *\n")
    return "unknown"


def versions(programs):
    """Versions of the peers that are installed, and of `programs`: {name: path}."""
    found = {name: version(command) for name, command in VERSION_COMMANDS.items()}
    found.update({name: version([path, "-V"]) for name, path in programs.items()})
    return {name: text for name, text in found.items() if text is not None}


def processor_kind():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as information:
            for line in information:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def file_system(folder):
    """The type of the file system that `folder` lies on."""
    told = subprocess.run(["stat", "--file-system", "--format=%T", folder],
                          capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def describe(scratch):
    """No host name and no path: figures are kept in the repository."""
    return {
        "processor": processor_kind(),
        "processors": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "files": file_system(scratch),
    }
