"""What the simulation says of more processors than there are, as tables in Markdown."""

import statistics

from .simulation import GIB, Job

WORKERS = (1, 2, 8, 32, 128)
LENGTHS = ((1 * GIB, "1 GiB"), (8 * GIB, "8 GiB"))


def jobs(result):
    """[(name, the job on one thread, the job on two)]: of each the shortest run."""
    found = []
    for work in result["works"]:
        both = []
        for threads in (1, 2):
            runs = sorted((run for run in work["runs"] if run["threads"] == threads),
                          key=lambda run: run["wall"])
            both.append(Job(runs[0]))
        found.append((work["name"], *both))
    return found


def serial_table(result):
    lines = ["| job | chunks a GiB | work, s a GiB | write | take | put | locks | serial | "
             "workers at which a serial step is the limit |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for name, job, _ in jobs(result):
        serial = job.serial()
        work = job.total("decode")
        longest = job.longest_serial()
        everything = work + serial["write"] + serial["take"] + serial["put"]
        lines.append(
            f"| {name} | {job.per_gib(serial['chunks']):.0f} | {job.per_gib(work):.3f} | "
            + " | ".join(f"{job.per_gib(serial[part]):.4f}" for part in ("write", "take", "put"))
            + f" | {job.per_gib(serial['locks']):.5f} | {100 * longest / everything:.1f} % | "
            f"{everything / longest:.0f} |")
    return "\n".join(lines)


def check_table(result):
    lines = ["| job | measured, 1 | simulated, 1 | measured, 2 | simulated, 2 | error | "
             "work of a chunk, 2 workers over 1 |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, one, two in jobs(result):
        simulated = [one.simulate(workers, one.bytes_in) for workers in (1, 2)]
        growth = two.total("decode") / max(one.total("decode"), 1e-9)
        lines.append(f"| {name} | {one.wall:.3f} s | {simulated[0]:.3f} s | {two.wall:.3f} s | "
                     f"{simulated[1]:.3f} s | {100 * (simulated[1] / two.wall - 1):+.0f} % | "
                     f"{growth:.2f} |")
    return "\n".join(lines)


def prediction_table(result):
    head = [f"{workers} of {text}" for _, text in LENGTHS for workers in WORKERS[2:]]
    lines = ["| job | GiB/s, 1 worker | " + " | ".join(head) + " |",
             "|---|--:|" + "--:|" * len(head)]
    for name, job, _ in jobs(result):
        cells = []
        for length, _ in LENGTHS:
            alone = job.simulate(1, length)
            for workers in WORKERS[2:]:
                simulated = alone / job.simulate(workers, length)
                model = alone / job.model(workers, length)
                cells.append(f"{simulated:.1f} ({model:.1f})")
        lines.append(f"| {name} | {1 / job.simulate(1, GIB):.2f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def curves(result, length):
    """{name: [(workers, speedup)]}"""
    found = {}
    for name, job, _ in jobs(result):
        alone = job.simulate(1, length)
        counts = (1, 2, 4, 8, 16, 32, 64, 128)
        found[name] = [(workers, alone / job.simulate(workers, length)) for workers in counts]
    return found


def contended(result):
    """How often a lock was found taken, of all runs on two threads, and how many locks that is."""
    runs = [run for work in result["works"] for run in work["runs"] if run["threads"] == 2]
    locks = [lock for run in runs for lock in run["locks"].values()]
    return sum(lock["contended"] for lock in locks), sum(lock["count"] for lock in locks)


def locks_part(result, workers):
    """The part of the time that all locks together are held with so many workers, at most."""
    parts = []
    for _, job, _ in jobs(result):
        everything = sum(sum(chunk) for chunk in job.chunks)
        parts.append(job.serial()["locks"] / max(everything / workers, job.longest_serial()))
    return max(parts)


def error(result):
    """The largest and the median error of the simulation on two workers, in percent."""
    errors = [abs(100 * (one.simulate(2, one.bytes_in) / two.wall - 1))
              for _, one, two in jobs(result)]
    return max(errors), statistics.median(errors)
