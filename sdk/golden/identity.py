"""Conformance cases for units: users, devices, links between them, ids that are numbers."""

from assignment import split_of
from make_hash_vectors import find_unit
from rulesets import by_experiment, case, experiment, failed, layer, on_experiment, ruleset, switch


def identity_ruleset() -> dict:
    return ruleset(
        layers=[layer(), layer("devices", "device"), layer("teams", "team")],
        flags=[switch(key, on_experiment(key)) for key in ("by_user", "by_device", "by_team")],
        experiments=[
            experiment("by_user"),
            experiment("by_device", layerKey="devices"),
            experiment("by_team", layerKey="teams"),
        ],
    )


def identity_cases() -> list[dict]:
    device = find_unit("d", lambda unit: split_of("by_user", unit) == "on")
    user = find_unit("u", lambda unit: split_of("by_user", unit) == "off")
    linked = {"options": {"hashed_user_as": {user: device}}}

    def decided(key, unit_id, unit_type="user"):
        return by_experiment(split_of(key, unit_id), "SPLIT", key, unit_id, unit_type)

    rows = [
        ("before login the device counts", "by_user", {"device": device}, decided("by_user", device), {}),
        ("a user by himself", "by_user", {"user": user, "device": device}, decided("by_user", user), {}),
        ("a linked user keeps the device's arm", "by_user", {"user": user}, decided("by_user", device), linked),
        ("a linked user on another device", "by_user", {"user": user, "device": "d-new"}, decided("by_user", device), linked),
        ("another user of the device", "by_user", {"user": "u-other", "device": device}, decided("by_user", "u-other"), linked),
        ("links do not concern devices", "by_device", {"user": user, "device": "d-new"}, decided("by_device", "d-new", "device"), linked),
        ("a user is no device", "by_device", {"user": user}, failed("UNIT_MISSING"), linked),
        ("a device is no team", "by_team", {"user": user, "device": device}, failed("UNIT_MISSING"), {}),
        ("any attribute can be a unit", "by_team", {"team": "t1"}, decided("by_team", "t1", "team"), {}),
        ("a whole number is a unit", "by_team", {"team": 42}, decided("by_team", "42", "team"), {}),
        ("a fraction is none", "by_team", {"team": 4.2}, failed("UNIT_MISSING"), {}),
        ("letters beyond ASCII", "by_team", {"team": "टीम-७"}, decided("by_team", "टीम-७", "team"), {}),
        ("an empty user, but a device", "by_user", {"user": "", "device": device}, decided("by_user", device), {}),
        ("neither", "by_user", {}, failed("UNIT_MISSING"), {}),
    ]
    return [
        case(f"identity: {name}", "identity", key, context, expected, **more)
        for name, key, context, expected, more in rows
    ]
