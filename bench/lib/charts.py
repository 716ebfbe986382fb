"""Charts in SVG, drawn by matplotlib (Debian: python3-matplotlib)."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from . import results  # noqa: E402

# The same bytes for the same figures, so that a chart changes only when they do.
matplotlib.rcParams["svg.hashsalt"] = "cinch"
matplotlib.rcParams["svg.fonttype"] = "none"

COLOURS = {"cinch": "#c1272d", "zstd": "#1f6fb4", "pzstd": "#7fb3dd", "pigz": "#2e8b57",
           "gzip": "#8a8a8a", "bgzip": "#b8860b", "libdeflate-gzip": "#6a4c93",
           "igzip": "#e08214"}


def colour(name):
    return COLOURS.get(name.split(" ")[0], "#444444")


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def speed_against_ratio(result, family, path):
    """One line for each tool, one point for each level of rows level-FAMILY-LEVEL."""
    lines = {}
    for row in result["rows"]:
        name = row["id"].split("/", 1)[1]
        prefix = f"level-{family}-"
        if not name.startswith(prefix):
            continue
        level = int(name.removeprefix(prefix))
        for tool, entry in row["contestants"].items():
            speed = row["input_bytes"] / 1e6 / results.figure(entry, "wall")
            lines.setdefault(tool, []).append((level, speed, row["input_bytes"] / entry["size"]))
    if not lines:
        return False
    figure, axes = plt.subplots(figsize=(8, 5))
    for tool, points in lines.items():
        points.sort()
        axes.plot([point[1] for point in points], [point[2] for point in points], marker="o",
                  markersize=4, linewidth=2 if tool == "cinch" else 1, color=colour(tool),
                  label=tool)
        for level, speed, ratio in points:
            if level in (1, points[-1][0]):
                axes.annotate(str(level), (speed, ratio), fontsize=8, xytext=(3, 3),
                              textcoords="offset points")
    axes.set_xscale("log")
    axes.set_xlabel("MB/s, log scale (right is faster)")
    axes.set_ylabel("ratio (up is smaller)")
    axes.set_title(f"{family}: speed against ratio, {result['threads']} threads")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    save(figure, path)
    return True


def speed_against_threads(bench, path):
    """Of cinch-bench's throughput: ours, beside the bare codec on as many threads."""
    lines = {}
    for row in bench["rows"]:
        if row["measurement"] != "throughput" or row["level"] < 0:
            continue
        name = f"{row['format']} {row['level']}"
        bare = row["bare_n_mib_s"]
        lines.setdefault(name, []).append((row["threads"], row["mib_s"],
                                           None if bare == "-" else bare))
    if not lines:
        return False
    figure, axes = plt.subplots(figsize=(8, 5))
    colours = plt.get_cmap("tab10").colors
    for number, (name, points) in enumerate(lines.items()):
        points.sort()
        threads = [point[0] for point in points]
        axes.plot(threads, [point[1] for point in points], marker="o", label=name,
                  color=colours[number % 10])
        if all(point[2] is not None for point in points):
            axes.plot(threads, [point[2] for point in points], linestyle=":",
                      color=colours[number % 10])
    axes.set_xticks(sorted({point[0] for points in lines.values() for point in points}))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("threads")
    axes.set_ylabel("MiB/s (dotted: the bare codec in memory)")
    axes.set_title("speed against threads")
    axes.grid(True, alpha=0.3)
    axes.legend()
    save(figure, path)
    return True


def speedup(curves, title, path):
    """Simulated speedup by workers: {name: [(workers, speedup)]}."""
    figure, axes = plt.subplots(figsize=(8, 5))
    for name, points in curves.items():
        axes.plot([point[0] for point in points], [point[1] for point in points], marker="o",
                  markersize=4, label=name)
    most = max(point[0] for points in curves.values() for point in points)
    axes.plot([1, most], [1, most], color="#bbbbbb", linestyle="--", label="ideal")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%d"))
    axes.set_xlabel("workers (simulated)")
    axes.set_ylabel("times as fast as one worker")
    axes.set_title(title)
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    save(figure, path)
