"""Makes ggml.json and ggml-input.bin: what ggml's own reference routines make of one set of numbers, in each block format.

    npm install --ignore-scripts node-llama-cpp
    python3 make_ggml_fixtures.py node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so

For each format: the encoded blocks (base64), the SHA-256 of their decoded float32 values, and the SHA-256 of the decoded
values of blocks of pseudo-random bytes (their scales forced to small finite numbers), which reach codes that no encoder makes.
Made with llama.cpp v0.5.0 as packed by node-llama-cpp for x64, which is compiled without fused multiply-add.
"""
import base64
import ctypes
import hashlib
import json
import random
import struct
import sys
from pathlib import Path

# name: (elements, bytes, offsets of fp16 scales, encoder and decoder suffix)
FORMATS = {
    "Q4_0": (32, 18, [0], "q4_0"), "Q4_1": (32, 20, [0, 2], "q4_1"), "Q5_0": (32, 22, [0], "q5_0"), "Q5_1": (32, 24, [0, 2], "q5_1"),
    "Q8_0": (32, 34, [0], "q8_0"), "Q2_K": (256, 84, [80, 82], "q2_K"), "Q3_K": (256, 110, [108], "q3_K"), "Q4_K": (256, 144, [0, 2], "q4_K"),
    "Q5_K": (256, 176, [0, 2], "q5_K"), "Q6_K": (256, 210, [208], "q6_K"), "TQ1_0": (256, 54, [52], "tq1_0"), "TQ2_0": (256, 66, [64], "tq2_0"),
    "MXFP4": (32, 17, [], "mxfp4"), "NVFP4": (64, 36, [], "nvfp4"),
}


def inputs():
    r = random.Random(20)
    blocks = [[r.gauss(0, 1) for _ in range(256)] for _ in range(6)]
    blocks += [[r.gauss(0, 0.02) for _ in range(256)] for _ in range(2)]
    blocks.append([r.uniform(-1, 1) for _ in range(256)])
    blocks.append([r.uniform(0, 1) for _ in range(256)])
    blocks.append([r.uniform(-3, -2) for _ in range(256)])
    blocks.append([r.gauss(0, 1) if r.random() < 0.1 else 0.0 for _ in range(256)])
    blocks.append([r.gauss(0, 1) * (50 if r.random() < 0.01 else 1) for _ in range(256)])
    blocks.append([float(r.randint(-8, 7)) for _ in range(256)])
    blocks.append([r.randint(-4, 4) / 2 for _ in range(256)])
    blocks.append([0.0] * 256)
    blocks.append([0.75] * 256)
    blocks.append([-1.5] * 256)
    blocks.append([0.0] * 100 + [1e-3] + [0.0] * 155)
    blocks.append([r.gauss(0, 1) * 1e-7 for _ in range(256)])
    blocks.append([r.gauss(0, 1) * 1e3 for _ in range(256)])
    blocks.append([r.choice([-1.0, 0.0, 1.0]) for _ in range(256)])
    blocks.append([0.0] * 64 + [r.gauss(0, 1) for _ in range(64)] + [0.5] * 64 + [-0.25, 0.25] * 32)
    blocks.append([i / 255 for i in range(256)])
    return [x for block in blocks for x in block]


def main(library):
    ggml = ctypes.CDLL(library)
    values = inputs()
    count = len(values)
    data = struct.pack(f"<{count}f", *values)
    folder = Path(__file__).parent
    (folder / "ggml-input.bin").write_bytes(data)
    fixtures = {}
    for name, (elements, size, scales, suffix) in FORMATS.items():
        def decode(blocks):
            n = len(blocks) // size * elements
            out = ctypes.create_string_buffer(n * 4)
            getattr(ggml, "dequantize_row_" + suffix)(blocks, out, ctypes.c_int64(n))
            return hashlib.sha256(out.raw).hexdigest()
        encoded = ctypes.create_string_buffer(count // elements * size)
        getattr(ggml, f"quantize_row_{suffix}_ref")(data, encoded, ctypes.c_int64(count))
        r = random.Random(21)
        noise = bytearray(r.randbytes(size * 8))
        for block in range(8):
            for offset in scales:
                noise[block * size + offset:block * size + offset + 2] = struct.pack("<e", (block + 1) / 64 * (-1) ** block)
        if name == "MXFP4":
            noise[0::17] = bytes([127, 0, 1, 2, 120, 130, 200, 250])
        if name == "NVFP4":
            for block in range(8):
                for k in range(4):
                    noise[block * 36 + k] &= 0x7F
        fixtures[name] = {
            "encoded": base64.b64encode(encoded.raw).decode(), "decodedSha256": decode(encoded.raw),
            "noise": base64.b64encode(noise).decode(), "noiseSha256": decode(bytes(noise)),
        }
    (folder / "ggml.json").write_text(json.dumps(fixtures, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
