"""Results as tables in Markdown."""

from . import results

# Beside the ratio of the medians stands that of the shortest times, which other processes disturb
# the least: where the two are far apart, the figures are not to be trusted.
HEAD = ("| data | work | program | wall s | ± % | processor s | MB | peak MB | wall ratio "
        "| of shortest | size ratio |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")


def row_lines(row):
    """The lines of one row: each contestant, with our ratios against it."""
    lines = []
    our_name = results.ours(row)
    for name, entry in row["contestants"].items():
        ratios = ["", "", ""]
        if name != our_name:
            ratios = [f"{results.ratio(row, name, 'wall'):.2f}",
                      f"{results.ratio_of_shortest(row, name):.2f}",
                      f"{results.ratio(row, name, 'size'):.4f}"]
        lines.append(
            f"| {row['data']} | {row['title']} | {name} | {results.figure(entry, 'wall'):.3f} | "
            f"{100 * results.spread(entry, 'wall') / 2:.0f} | "
            f"{results.figure(entry, 'processor'):.3f} | {entry['size'] / 1e6:.3f} | "
            f"{results.figure(entry, 'peak') / 1e6:.0f} | {' | '.join(ratios)} |")
    if row["disturbed"] > 0:
        lines[0] = lines[0].replace(f"| {our_name} |",
                                    f"| {our_name} ({row['disturbed']} rounds disturbed) |", 1)
    return "\n".join(lines)


def whole(result):
    return "\n".join([HEAD] + [row_lines(row) for row in result["rows"]])


def places(metric):
    return 4 if metric == "size" else 2


def target_text(row, target, found):
    number = f"{found:.{places(target['metric'])}f}"
    return (f"{row['id']}: {target['metric']} {number} of {target['against']}'s, "
            f"wanted at most {target['limit']}")


TARGETS_HEAD = ("| data | work | figure | against | wanted at most | measured | |\n"
                "|---|---|---|---|--:|--:|---|")


def target_lines(result):
    """Each target beside what was measured; a missed one is marked."""
    lines = [TARGETS_HEAD]
    for row in result["rows"]:
        for target in row["targets"]:
            found, is_met = results.verdict(row, target)
            number = "not measured" if found is None else f"{found:.{places(target['metric'])}f}"
            mark = {True: "met", False: "**missed**", None: ""}[is_met]
            mark += ", disturbed" if row["disturbed"] > 0 else ""
            lines.append(f"| {row['data']} | {row['title']} | {target['metric']} | "
                         f"{target['against']} | {target['limit']:.4g} | {number} | {mark} |")
    return "\n".join(lines)
