"""Reads the World English Bible and the Reina-Valera 1909 with diatheke and writes them aligned.

Line n of bible-english.txt, of bible-spanish.txt and of bible-references.txt is the same verse. A verse is kept where
both have it, and only in the books below: enough for a bilingual model, small enough to commit.
"""

import pathlib
import re
import subprocess
import sys

BOOKS = {
    "Genesis": "Gen 1:1-Gen 50:26", "Exodus": "Exo 1:1-Exo 40:38", "Ruth": "Ruth 1:1-Ruth 4:22",
    "Psalms": "Psa 1:1-Psa 150:6", "Proverbs": "Prov 1:1-Prov 31:31", "Ecclesiastes": "Eccl 1:1-Eccl 12:14",
    "Matthew": "Matt 1:1-Matt 28:20", "Mark": "Mark 1:1-Mark 16:20", "Luke": "Luke 1:1-Luke 24:53",
    "John": "John 1:1-John 21:25", "Acts": "Acts 1:1-Acts 28:31",
}


# Written together with the verb before them (hazlo, dadnos), but never after these short words (que la, no lo).
PRONOUNS = {"me", "te", "se", "lo", "la", "le", "los", "las", "les", "nos", "os"}
APART = {"que", "y", "ya", "yo", "se", "no", "lo", "la", "ella"}


def separated(match):
    """The modules put two tagged words together where a note stood between them: God</w><w>created."""
    before, tags, after = match.groups()
    together = after in PRONOUNS and before.lower() not in APART
    return before + tags + ("" if together else " ") + after


def plain(markup):
    """The verse without its OSIS markup, notes and headings."""
    text = re.sub(r"<(note|title|milestone)\b[^>]*?(/>|>.*?</\1>)", " ", markup, flags=re.DOTALL)
    text = re.sub(r"<(/?l|lb|/?lg|/?p|div)\b[^>]*>", " ", text)
    text = re.sub(r"(\w+[,.;:]?)((?:<[^>]+>)+)(\w+)", separated, text)
    text = re.sub(r"<[^>]+>", "", text)
    text = re.sub(r"(?<=[a-z][,.;])(?=[a-zA-Z])", " ", text)
    assert "<" not in text and ">" not in text, text
    return re.sub(r"\s+", " ", text).strip()


def verses(module, book, key):
    command = ["diatheke", "-b", module, "-f", "internal", "-k", key]
    output = subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8")
    output = output.rsplit(f"({module})", 1)[0]
    parts = re.split(rf"\b{book} (\d+:\d+): ", output)
    return {reference: plain(markup) for reference, markup in zip(parts[1::2], parts[2::2])}


out = pathlib.Path(sys.argv[1])
english, spanish, references = [], [], []
for book, key in BOOKS.items():
    ours, theirs = verses("engWEB2015eb", book, key), verses("spaRV1909eb", book, key)
    for reference, verse in ours.items():
        if verse and theirs.get(reference):
            english.append(verse)
            spanish.append(theirs[reference])
            references.append(f"{book} {reference}")
for name, lines in ("english", english), ("spanish", spanish), ("references", references):
    (out / f"bible-{name}.txt").write_bytes(("\n".join(lines) + "\n").encode("utf-8"))
