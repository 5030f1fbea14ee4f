"""Hashes, points and enrolment orders from mmh3 (the reference C++ MurmurHash3 behind Python), independent of the SDK.

Needs Python 3.11 and `pip install mmh3` (4.x or 5.x: murmur3_x86_32 is the same in all of them). Used by make_cases.py.
"""

import mmh3

BUCKETS = 10_000


def murmur3(text: str) -> int:
    """murmur3_x86_32, seed 0, over UTF-8, unsigned."""
    return mmh3.hash(text.encode("utf-8"), 0, signed=False)


def point(salt: str, unit: str) -> int:
    """The place of a unit on the number line of a salt."""
    return murmur3(f"{salt}:{unit}") % BUCKETS


def enrolled_buckets(salt: str, reserved: list[tuple[int, int]], count: int) -> list[int]:
    """The first `count` of the reserved buckets in ascending order of (hash, bucket)."""
    buckets = [bucket for first, end in reserved for bucket in range(first, end)]
    return sorted(sorted(buckets, key=lambda bucket: (murmur3(f"{salt}:{bucket}"), bucket))[:count])


def find_unit(prefix: str, *tests) -> str:
    """The first of `prefix`0, `prefix`1, … that passes every test."""
    number = 0
    while not all(test(f"{prefix}{number}") for test in tests):
        number += 1
    return f"{prefix}{number}"


PAIRS = [
    ("", ""),
    ("", "a"),
    ("s", ""),
    ("s", "u"),
    ("salt", "user-1"),
    ("salt", "user-2"),
    ("salt1", "user-2"),
    ("salt12", "user-2"),
    ("salt123", "user-2"),
    ("layer/checkout", "8f14e45f-ceea-467f-a9e2-0b3c8a5e0f11"),
    ("layer/checkout", "1234567890"),
    ("layer/checkout", "0"),
    ("with:colon", "in:both"),
    ("नमक", "उपयोगकर्ता"),
    ("salt", "naïve"),
    ("salt", "用户"),
    ("salt", "🏏"),
    ("🏏", "x"),
    ("salt", "a\u0000b"),
    ("salt", "x" * 255),
    ("salt", "é" * 127),
    ("experiment:1:variants", "UPPER"),
    ("experiment:1:variants", "upper"),
    ("experiment:1:variants", " upper"),
]


def hash_vectors() -> list[dict]:
    units = [("vectors", f"u{number}") for number in range(40)]
    return [
        {"salt": salt, "unit": unit, "murmur3": murmur3(f"{salt}:{unit}"), "bucket": point(salt, unit)}
        for salt, unit in PAIRS + units
    ]


def enrolment_vectors() -> list[dict]:
    shapes = [
        ("enrol", [(0, 20)], 0),
        ("enrol", [(0, 20)], 1),
        ("enrol", [(0, 20)], 7),
        ("enrol", [(0, 20)], 19),
        ("enrol", [(0, 20)], 20),
        ("enrol", [(9980, 10000)], 5),
        ("other", [(0, 20)], 7),
        ("split-range", [(10, 20), (500, 510), (9990, 10000)], 12),
        ("wide", [(0, 10000)], 100),
    ]
    return [
        {
            "enrolment_salt": salt,
            "reserved_buckets": [{"first": first, "end": end} for first, end in reserved],
            "enrolled_bucket_count": count,
            "enrolled_buckets": enrolled_buckets(salt, reserved, count),
        }
        for salt, reserved, count in shapes
    ]
