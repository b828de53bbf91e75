"""Writes src/Mezcla.Weights/Tokenizers/unicode.txt: what Unicode's normalization forms need of the Unicode Character Database.

    python3 datasets/scripts/unicode.py > src/Mezcla.Weights/Tokenizers/unicode.txt

A line: the code point; its canonical combining class; '=' for a canonical decomposition that composition undoes, '!' for one that it
does not, '~' for a compatibility decomposition, '.' for none; the code points of the decomposition. Hangul syllables are computed.
"""
import sys
import unicodedata

print(f"# From the Unicode Character Database {unicodedata.unidata_version}. Copyright Unicode, Inc.; "
      "its terms: https://www.unicode.org/license.txt")
for code in range(sys.maxunicode + 1):
    character = chr(code)
    combining, parts = unicodedata.combining(character), unicodedata.decomposition(character).split()
    if not parts and not combining:
        continue
    kind = "."
    if parts and parts[0].startswith("<"):
        kind, parts = "~", parts[1:]
    elif parts:
        kind = "=" if unicodedata.normalize("NFC", character) == character else "!"
    print(f"{code:X} {combining} {kind} {' '.join(f'{int(part, 16):X}' for part in parts)}".rstrip())
