"""Arms of hashSplit as mmh3 (MurmurHash3 in C) hashes them: the highest bit of the hash of the key's eight bytes, low word first."""

import json
import random
import struct
from importlib.metadata import version
from pathlib import Path

import mmh3

drawn = random.Random(5)
keys = [0, 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1] + [drawn.randrange(2**52) for _ in range(60)]
cases = [
    {
        "seed": seed,
        "arms": [mmh3.hash(struct.pack("<Q", key), seed, signed=False) >> 31 for key in keys],
    }
    for seed in [0, 1, 4_294_967_295, 2_654_435_761]
]
golden = {"source": f"mmh3 {version('mmh3')}", "script": "make_hash_split.py", "keys": keys, "cases": cases}
Path(__file__).with_name("hash_split.json").write_text(json.dumps(golden, indent=1) + "\n")
