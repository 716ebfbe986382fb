"""Results as JSON: what compare and cinch-bench write, several runs put together, and judged."""

import json
import statistics


class Unlike(Exception):
    """Results of different machines, programs or commands, which say nothing together."""


def read(path):
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def write(path, result):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(result, out, indent=1)
        out.write("\n")


def merge_rows(rows, more):
    """Adds rows of another run; the samples of a row that both have are put together."""
    known = {row["id"]: row for row in rows}
    for row in more:
        before = known.get(row["id"])
        if before is None:
            rows.append(row)
            known[row["id"]] = row
            continue
        if before["input_bytes"] != row["input_bytes"]:
            raise Unlike(f"{row['id']}: different inputs")
        before["disturbed"] += row["disturbed"]
        before["seconds"] += row["seconds"]
        for name, entry in row["contestants"].items():
            known_entry = before["contestants"].setdefault(name, entry)
            if known_entry is entry:
                continue
            if known_entry["size"] != entry["size"]:
                raise Unlike(f"{row['id']}: {name} wrote different sizes")
            for metric in ("wall", "processor", "peak"):
                known_entry[metric] += entry[metric]


def merge(results):
    """One result of several comparisons on one machine with the same versions."""
    merged = json.loads(json.dumps(results[0]))
    for result in results[1:]:
        for key in ("kind", "machine", "versions"):
            if merged[key] != result[key]:
                raise Unlike(f"'{key}' differs: {merged[key]} and {result[key]}")
        merge_rows(merged["rows"], result["rows"])
    return merged


def figure(entry, metric):
    if metric == "size":
        return entry["size"]
    if metric == "peak":  # the most that was needed, not the usual
        return max(entry["peak"])
    return statistics.median(entry[metric])


def spread(entry, metric):
    """How far the samples lie apart: (largest - smallest) / median."""
    samples = entry[metric]
    return (max(samples) - min(samples)) / max(statistics.median(samples), 1e-9)


def ours(row):
    return next(iter(row["contestants"]))


def ratio(row, against, metric):
    """Our figure over the peer's; None where the peer was not there."""
    contestants = row["contestants"]
    if against not in contestants:
        return None
    peer = figure(contestants[against], metric)
    return figure(contestants[ours(row)], metric) / max(peer, 1e-9)


def ratio_of_shortest(row, against):
    contestants = row["contestants"]
    return min(contestants[ours(row)]["wall"]) / max(min(contestants[against]["wall"]), 1e-9)


# A size ratio is told with four places and judged so; times are told with two, and judged as they
# are: a rounded figure must not meet a target that the real one misses.
def verdict(row, target):
    """(ratio or None, whether the target is met)"""
    found = ratio(row, target["against"], target["metric"])
    if found is None:
        return None, None
    if target["metric"] == "size":
        return found, round(found, 4) <= target["limit"]
    return found, found <= target["limit"]


def missed(result):
    """[(row, target, ratio)] of the targets that are not met."""
    found = []
    for row in result["rows"]:
        for target in row["targets"]:
            value, is_met = verdict(row, target)
            if is_met is False:
                found.append((row, target, value))
    return found


def join_bench(parts):
    """One result of several runs of cinch-bench, each with other rows, on one machine."""
    joined = json.loads(json.dumps(parts[0]))
    for part in parts[1:]:
        for key in ("kind", "machine", "version", "engines"):
            if joined[key] != part[key]:
                raise Unlike(f"'{key}' differs: {joined[key]} and {part[key]}")
        joined["rows"] += part["rows"]
        joined["input_bytes"] = max(joined["input_bytes"], part["input_bytes"])
    return joined
