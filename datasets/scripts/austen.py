"""Writes one novel from the lazy-load database of the R package janeaustenr, without R.

The database is a row of records, each a 4-byte big-endian length and a zlib stream. Inside is R's XDR serialization
(version 3) of a character vector: the lines of one book, as Project Gutenberg wrapped them. Lines of a paragraph are
joined here, because a model that learns where a printer broke lines learns nothing about language.
"""

import struct
import sys
import zlib


def records(data):
    position = 0
    while position < len(data):
        stream = zlib.decompressobj()
        yield stream.decompress(data[position + 4:])
        position = len(data) - len(stream.unused_data)


def character_vector(data):
    assert data[:2] == b"X\n" and struct.unpack(">i", data[2:6])[0] == 3, "not an XDR serialization of version 3"
    position = 18 + struct.unpack(">i", data[14:18])[0]
    kind, count = struct.unpack(">ii", data[position:position + 8])
    assert kind & 0xFF == 16, "not a character vector"
    position += 8
    for _ in range(count):
        kind, length = struct.unpack(">ii", data[position:position + 8])
        assert kind & 0xFF == 9 and length >= 0, "not a string"
        position += 8
        yield data[position:position + length].decode("utf-8")
        position += length


def paragraphs(lines):
    paragraph = []
    for line in lines:
        line = line.strip()
        if line:
            paragraph.append(line)
        elif paragraph:
            yield " ".join(paragraph)
            paragraph = []
    if paragraph:
        yield " ".join(paragraph)


with open(sys.argv[1], "rb") as file:
    books = {book[0].strip(): book for book in map(list, map(character_vector, records(file.read())))}
sys.stdout.buffer.write(("\n\n".join(paragraphs(books[sys.argv[2]])) + "\n").encode("utf-8"))
