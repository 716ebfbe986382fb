"""Small changes to C sources, of the kind that a slip of the hand makes.

mutants(path) lists them. Sources are read as text, which the house style makes easy: a function's
body stands between a `{` and a `}` in the first column, and binary operators have blanks around
them. What compiles to nothing or not at all is sorted out later, by the compiler.
"""

import re
from collections import Counter, namedtuple

# `start` and `end` are offsets in the file; what stands between them becomes `text`. `name` says it
# without numbers of lines, so that it stays when others change.
Mutant = namedtuple("Mutant", "path line operator start end text name")

SWAPS = {
    "relation": {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="},
    "logic": {"&&": "||", "||": "&&"},
    "arithmetic": {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<",
                   "&": "|", "|": "&"},
    "assignment": {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|="},
}
STATEMENT = re.compile(r"^[ ]+((?:\(void\))?\*?[\w>.\[\]-]+(?:\(| [-+|&*/]?= )|"
                       r"(?:break|continue|goto \w+|\+\+[\w>.-]+|[\w>.-]+\+\+|[\w>.-]+--);)", re.M)
FUNCTION = re.compile(r"^[A-Za-z][^\n;=]*?(\w+)\(", re.M)
KEYWORDS = re.compile(r"(?:if|while|for|switch|return|sizeof|do|else|case)\b")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_of(text):
    """The text with comments, strings, preprocessor lines, assertions, and all outside of
    functions made blank."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])*'", blank, text)
    text = re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)
    for match in list(re.finditer(r"\b(?:static_)?assert\(", text)):
        end = closing(text, match.end() - 1)
        text = text[:match.start()] + re.sub(r"[^\n]", " ", text[match.start():end]) + text[end:]
    lines, is_inside = [], False
    for line in text.split("\n"):
        if line.startswith("{"):
            is_inside = True
        elif line.startswith("}"):
            is_inside = False
        lines.append(line if is_inside else " " * len(line))
    return "\n".join(lines)


def closing(text, start):
    """The offset behind the bracket that closes the one at `start`."""
    depth = 0
    for offset in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[offset], 0)
        if depth == 0:
            return offset + 1
    return len(text)


def changes(code):
    """Yields operator, start, end, and what to put there."""
    for operator, swaps in SWAPS.items():
        words = "|".join(re.escape(word) for word in sorted(swaps, key=len, reverse=True))
        for match in re.finditer(r"(?<=\s)(?:" + words + r")(?=\s)", code):
            yield operator, match.start(), match.end(), swaps[match.group()]
    for match in re.finditer(r"\+\+|--", code):
        yield "step", match.start(), match.end(), "--" if match.group() == "++" else "++"
    for match in re.finditer(r"(?<![\w.])(?:0x[0-9A-Fa-f]+|\d+)(?=[uUlL]*\b)", code):
        value = int(match.group(), 0)
        yield "constant", match.start(), match.end(), str(value + 1)
        if value == 1:
            yield "constant", match.start(), match.end(), "0"
    for match in re.finditer(r"\b(?:true|false)\b", code):
        yield "truth", match.start(), match.end(), "false" if match.group() == "true" else "true"
    for match in re.finditer(r"\bCINCH_(?:OK|E_\w+)\b", code):
        other = "CINCH_E_CORRUPT" if match.group() == "CINCH_E_INTERNAL" else "CINCH_E_INTERNAL"
        yield "code", match.start(), match.end(), other
    for match in re.finditer(r"!(?=[\w(])", code):
        yield "not", match.start(), match.end(), ""
    for match in re.finditer(r"\b(?:if|while) \(", code):
        end = closing(code, match.end() - 1)
        yield "condition", match.end() - 1, end, None
    for match in re.finditer(r"\breturn ([^;]+);", code):
        if match.group(1) not in ("0", "NULL", "false", "CINCH_OK", "-1"):
            yield "return", match.start(1), match.end(1), "0"
    for match in STATEMENT.finditer(code):
        start = match.start(1)
        if not KEYWORDS.match(code, start):
            yield "statement", start, code.index(";", start) + 1, ";"


def mutants(root, path):
    with open(root + "/" + path, encoding="utf-8") as file:
        text = file.read()
    functions = [(match.start(), match.group(1)) for match in FUNCTION.finditer(text)]
    names = Counter()
    for operator, start, end, new in sorted(changes(code_of(text)), key=lambda c: c[1:3]):
        before = " ".join(text[start:end].split())
        if new is None:
            new = "(!" + text[start:end] + ")"
        line = text.count("\n", 0, start) + 1
        # Lines keep their numbers, so that the rest of the object stays the same.
        padded = new + "\n" * text.count("\n", start, end)
        if operator == "condition":
            padded = new
        begin, finish = text.rfind("\n", 0, start) + 1, text.index("\n", end)
        after = " ".join((text[begin:start] + new + text[end:finish]).split())
        before = " ".join(text[begin:finish].split())
        function = max(entry for entry in functions if entry[0] < start)[1]
        name = f"{path}, {function}: {before} -> {after}"
        names[name] += 1
        if names[name] > 1:
            name += f" ({names[name]})"
        yield Mutant(path, line, operator, start, end, padded, name)
