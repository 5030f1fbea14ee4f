"""Conformance cases for switchbacks, whose unit is a region in a time window."""

from make_hash_vectors import point
from rulesets import by_experiment, case, experiment, failed, layer, on_experiment, ruleset, switch

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_780_000_000_000
# proto3 JSON writes 64-bit numbers as texts.
WINDOWS = {"hourly": HOUR_MS, "daily": DAY_MS}


def switchback_ruleset() -> dict:
    return ruleset(
        layers=[layer("cities", "city"), layer("days", "city")],
        flags=[switch(key, on_experiment(key)) for key in WINDOWS],
        experiments=[
            experiment(key, layerKey=layer_key, switchbackWindowMs=str(WINDOWS[key]))
            for key, layer_key in (("hourly", "cities"), ("daily", "days"))
        ],
    )


def switchback_cases() -> list[dict]:
    cases = []
    for key, window in WINDOWS.items():
        for city in ("Pune", "नाशिक"):
            for at in (START_MS, START_MS - START_MS % window, START_MS - START_MS % window + window - 1, START_MS + window):
                unit = f"{city}@{at - at % window}"
                variant = "off" if point(f"{key}:1:variants", unit) < 5000 else "on"
                expected = by_experiment(variant, "SPLIT", key, unit, "city")
                more = {"options": {"now_ms": at}, "local_only": True}
                cases.append(case(f"switchback: {key}, {city} at {at}", "switchback", key, {"user": "u1", "city": city}, expected, **more))
    now = {"options": {"now_ms": START_MS}, "local_only": True}
    cases.append(case("switchback: no city", "switchback", "hourly", {"user": "u1"}, failed("UNIT_MISSING"), **now))
    cases.append(case("switchback: no clock", "switchback", "hourly", {"city": "Pune"}, failed("UNIT_MISSING"), local_only=True))
    return cases
