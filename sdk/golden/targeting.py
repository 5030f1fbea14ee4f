"""Conformance cases for every operator and every kind of condition."""

from rulesets import case, compare, layer, ruleset, served, switch

A = "a"

# Flag, condition, and for each value of the attribute `a` (ABSENT: not in the context) whether it holds.
ABSENT = object()
OPERATORS = [
    ("equals_text", compare(A, "EQUALS", "KA"), [("KA", 1), ("ka", 0), ("KA ", 0), (1, 0), (ABSENT, 0), (None, 0), (["KA"], 0)]),
    ("equals_number", compare(A, "EQUALS", 7), [(7, 1), (7.0, 1), (7.5, 0), ("7", 0), (True, 0), (ABSENT, 0)]),
    ("equals_boolean", compare(A, "EQUALS", True), [(True, 1), (False, 0), ("true", 0), (1, 0), (ABSENT, 0)]),
    ("not_equals", compare(A, "NOT_EQUALS", "KA"), [("MH", 1), ("KA", 0), (7, 1), (ABSENT, 0), (None, 0)]),
    ("in", compare(A, "IN", "KA", "MH"), [("KA", 1), ("MH", 1), ("DL", 0), (["DL", "MH"], 1), (["DL"], 0), ([], 0), (ABSENT, 0)]),
    ("in_list", compare(A, "IN", ["KA", "MH"]), [("KA", 1), ("MH", 1), ("DL", 0), (ABSENT, 0)]),
    ("in_numbers", compare(A, "IN", 1, 2), [(1, 1), (2, 1), (3, 0), ("1", 0)]),
    ("not_in", compare(A, "NOT_IN", "KA", "MH"), [("DL", 1), ("KA", 0), (["DL", "KA"], 0), (["DL"], 1), (ABSENT, 0), (None, 0)]),
    ("less_than", compare(A, "LESS_THAN", 10), [(9.99, 1), (10, 0), (-1, 1), ("9", 0), (ABSENT, 0)]),
    ("less_than_or_equal", compare(A, "LESS_THAN_OR_EQUAL", 10), [(10, 1), (10.01, 0), (ABSENT, 0)]),
    ("greater_than", compare(A, "GREATER_THAN", 10), [(10.01, 1), (10, 0), ("11", 0), (ABSENT, 0)]),
    ("greater_than_or_equal", compare(A, "GREATER_THAN_OR_EQUAL", 10), [(10, 1), (9.99, 0), (ABSENT, 0)]),
    ("semver_equals", compare(A, "SEMVER_EQUALS", "7.2.0"), [("7.2.0", 1), ("7.2", 1), ("v7.2.0", 1), ("7.2.0+build.5", 1), ("7.2.0-rc.1", 0), ("7.2.1", 0), ("seven", 0), (7.2, 0), (ABSENT, 0)]),
    ("semver_less_than", compare(A, "SEMVER_LESS_THAN", "7.2.0"), [("7.1.9", 1), ("7.2.0-rc.1", 1), ("7.10.0", 0), ("7.2.0", 0), ("6.99.99", 1), (ABSENT, 0)]),
    ("semver_less_than_or_equal", compare(A, "SEMVER_LESS_THAN_OR_EQUAL", "7.2.0"), [("7.2.0", 1), ("7.2.1", 0)]),
    ("semver_greater_than", compare(A, "SEMVER_GREATER_THAN", "1.0.0-alpha.2"), [("1.0.0-alpha.10", 1), ("1.0.0-alpha.1", 0), ("1.0.0-alpha", 0), ("1.0.0-beta", 1), ("1.0.0", 1), ("1.0.0-alpha.2.1", 1), ("1.0.0-1", 0)]),
    ("semver_greater_than_or_equal", compare(A, "SEMVER_GREATER_THAN_OR_EQUAL", "7.2.0"), [("7.2.0", 1), ("7.10.0", 1), ("7.2.0-rc.1", 0), ("", 0)]),
    ("before", compare(A, "BEFORE", "2026-03-01T00:00:00Z"), [("2026-02-28T23:59:59.999Z", 1), ("2026-03-01T00:00:00Z", 0), ("2026-03-01T05:00:00+05:30", 1), ("2026-02-28", 1), ("2026-02-28T12:00:00", 0), ("yesterday", 0), (0, 0), (ABSENT, 0)]),
    ("after", compare(A, "AFTER", "2026-03-01"), [("2026-03-01T00:00:00.001Z", 1), ("2026-03-01", 0), ("2026-03-02", 1), ("2026-03-01T05:30:00+05:30", 0), (ABSENT, 0)]),
    ("contains", compare(A, "CONTAINS", "upi", "card"), [("pay-upi-2", 1), ("postcard", 1), ("UPI", 0), ("wallet", 0), (["upi"], 0), (ABSENT, 0)]),
    ("starts_with", compare(A, "STARTS_WITH", "+91"), [("+919900000000", 1), ("91", 0), (91, 0), (ABSENT, 0)]),
    ("ends_with", compare(A, "ENDS_WITH", "@example.com"), [("a@example.com", 1), ("a@example.com.in", 0), (ABSENT, 0)]),
    ("exists", compare(A, "EXISTS"), [("", 1), (0, 1), (False, 1), ([], 1), (None, 0), (ABSENT, 0)]),
    ("not_exists", compare(A, "NOT_EXISTS"), [("", 0), (0, 0), (None, 1), (ABSENT, 1)]),
]

KARNATAKA = compare("region", "EQUALS", "KA")
NEW_APP = compare("app_version", "SEMVER_GREATER_THAN_OR_EQUAL", "7.2.0")
TREES = [
    ("all", {"all": {"conditions": [KARNATAKA, NEW_APP]}}, [({"region": "KA", "app_version": "7.3.0"}, 1), ({"region": "KA", "app_version": "7.1.0"}, 0), ({"region": "KA"}, 0), ({}, 0)]),
    ("all_of_nothing", {"all": {"conditions": []}}, [({}, 1)]),
    ("any", {"any": {"conditions": [KARNATAKA, NEW_APP]}}, [({"region": "KA"}, 1), ({"app_version": "7.3.0"}, 1), ({"region": "MH"}, 0), ({}, 0)]),
    ("any_of_nothing", {"any": {"conditions": []}}, [({}, 0)]),
    ("not", {"not": KARNATAKA}, [({"region": "KA"}, 0), ({"region": "MH"}, 1), ({}, 1)]),
    ("segment", {"segmentKey": "south"}, [({"region": "KA"}, 1), ({"region": "TN"}, 1), ({"region": "DL"}, 0)]),
    ("nested_segment", {"segmentKey": "south_on_new_app"}, [({"region": "TN", "app_version": "8.0.0"}, 1), ({"region": "TN", "app_version": "1.0.0"}, 0), ({"region": "DL", "app_version": "8.0.0"}, 0)]),
    ("four_at_once", {"all": {"conditions": [compare(x, "EXISTS") for x in "abcd"]}}, [({"a": 1, "b": 1, "c": 1, "d": 1}, 1), ({"a": 1, "b": 1, "c": 1}, 0)]),
    ("any_of_three", {"any": {"conditions": [compare(x, "EXISTS") for x in "abc"]}}, [({"c": 1}, 1), ({"d": 1}, 0)]),
    ("name_of_every_object", compare("constructor", "EXISTS"), [({}, 0), ({"constructor": "me"}, 1)]),
]


def targeting_ruleset() -> dict:
    def targeted(key, condition):
        return switch(key, [{"key": "targeted", "condition": condition, "variant": "on"}])

    return ruleset(
        segments=[
            {"key": "south", "condition": compare("region", "IN", "KA", "TN", "KL")},
            {"key": "south_on_new_app", "condition": {"all": {"conditions": [{"segmentKey": "south"}, NEW_APP]}}},
        ],
        layers=[layer()],
        flags=[targeted(key, condition) for key, condition, _ in OPERATORS + TREES],
    )


def targeting_cases() -> list[dict]:
    cases = []
    for key, _, rows in OPERATORS:
        for value, holds in rows:
            context = {} if value is ABSENT else {A: value}
            name = f"operator {key}: {'absent' if value is ABSENT else repr(value)}"
            cases.append(case(name, "targeting", key, context, expectation(holds)))
    for key, _, rows in TREES:
        for context, holds in rows:
            cases.append(case(f"condition {key}: {context}", "targeting", key, context, expectation(holds)))
    return cases


def expectation(holds) -> dict:
    return served("on", "TARGETING_MATCH") if holds else served("off", "DEFAULT")
