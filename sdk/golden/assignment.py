"""Conformance cases for layers, ramps, epochs, holdouts, kills, statuses, rollouts, rules and units."""

from make_hash_vectors import enrolled_buckets, find_unit, point
from rulesets import by_experiment, case, compare, experiment, failed, halves, layer, on_experiment, ruleset, served, switch

FIRST_HALF = [{"first": 0, "end": 5000}]
SECOND_HALF = [{"first": 5000, "end": 10000}]


def split_of(key: str, unit: str, epoch: int = 1, first: int = 5000) -> str:
    return "off" if point(f"{key}:{epoch}:variants", unit) < first else "on"


def in_layer(name: str, first: int, end: int):
    return lambda unit: first <= point(f"layer:{name}", unit) < end


def layers_ruleset() -> dict:
    three = [{"variant": v, "weightBasisPoints": w} for v, w in (("off", 2500), ("on", 2500), ("third", 5000))]
    three_way = switch("three_way", on_experiment("three_way"))
    three_way["variants"].append({"key": "third", "value": True})
    return ruleset(
        layers=[layer(), layer("second"), layer("devices", "device")],
        flags=[switch(k, on_experiment(k)) for k in ("left", "right", "orthogonal", "device_split", "uneven")] + [three_way],
        experiments=[
            experiment("left", reservedBuckets=FIRST_HALF, enrolledBucketCount=5000),
            experiment("right", reservedBuckets=SECOND_HALF, enrolledBucketCount=5000),
            experiment("orthogonal", layerKey="second"),
            experiment("device_split", layerKey="devices"),
            experiment("uneven", layerKey="devices", reservedBuckets=[], enrolledBucketCount=0),
            experiment("three_way", layerKey="devices", reservedBuckets=[], enrolledBucketCount=0, variants=three),
        ],
    )


def layer_cases() -> list[dict]:
    cases = []
    for number in range(12):
        user = f"u{number}"
        is_left = in_layer("main", 0, 5000)(user)
        for key, is_in in (("left", is_left), ("right", not is_left), ("orthogonal", True)):
            expected = by_experiment(split_of(key, user), "SPLIT", key, user) if is_in else served("off", "DEFAULT")
            cases.append(case(f"layers: {user} on {key}", "layers", key, {"user": user}, expected))
    device = {"user": "u1", "device": "d1"}
    expected = by_experiment(split_of("device_split", "d1"), "SPLIT", "device_split", "d1", "device")
    cases.append(case("layers: a layer of devices", "layers", "device_split", device, expected))
    cases.append(case("layers: nobody is enrolled", "layers", "uneven", device, served("off", "DEFAULT")))
    return cases


RAMP = [{"first": 2000, "end": 3000}, {"first": 7000, "end": 8000}]
STAGES = [0, 1, 20, 500, 1999, 2000]


def ramp_ruleset(count: int) -> dict:
    return ruleset(
        version=10 + count,
        layers=[layer()],
        flags=[switch("ramp", on_experiment("ramp"))],
        experiments=[experiment("ramp", reservedBuckets=RAMP, enrolledBucketCount=count, variants=halves(3000))],
    )


def ramp_cases() -> list[dict]:
    ranges = [(r["first"], r["end"]) for r in RAMP]
    by_stage = {count: set(enrolled_buckets("ramp:1:enrolment", ranges, count)) for count in STAGES}

    def first_stage_of(unit: str):
        return next((count for count in STAGES if point("layer:main", unit) in by_stage[count]), None)

    users = [find_unit("r", lambda u, s=stage: first_stage_of(u) == s) for stage in STAGES[1:] + [None]]
    cases = []
    for user in users:
        for count in STAGES:
            is_in = point("layer:main", user) in by_stage[count]
            arm = split_of("ramp", user, first=3000)
            expected = by_experiment(arm, "SPLIT", "ramp", user) if is_in else served("off", "DEFAULT")
            cases.append(case(f"ramp: {user} with {count} buckets", f"ramp_{count}", "ramp", {"user": user}, expected))
    return cases


def epochs_ruleset(epoch: int) -> dict:
    changes = {"epoch": epoch, "variantSalt": f"epochs:{epoch}:variants", "enrolmentSalt": f"epochs:{epoch}:enrolment"}
    flags = [switch("epochs", on_experiment("epochs"))]
    return ruleset(version=epoch, layers=[layer()], flags=flags, experiments=[experiment("epochs", **changes)])


def epoch_cases() -> list[dict]:
    cases = []
    for number in range(8):
        user = f"e{number}"
        for epoch in (1, 2):
            expected = by_experiment(split_of("epochs", user, epoch), "SPLIT", "epochs", user, epoch=epoch)
            cases.append(case(f"epochs: {user} in {epoch}", f"epoch_{epoch}", "epochs", {"user": user}, expected))
    return cases


def states_ruleset() -> dict:
    ended = {"status": "EXPERIMENT_STATUS_ENDED"}
    shipped = {"status": "EXPERIMENT_STATUS_SHIPPED", "shippedVariant": "on", "holdbackBasisPoints": 1000}
    keys = ("running", "ended", "shipped", "killed", "killed_shipped", "held", "held_shipped")
    flags = [switch(key, on_experiment(key)) for key in keys]
    flags.append(switch("killed_flag", [{"key": "all", "variant": "on"}]))
    flags.append(switch("disabled", [{"key": "all", "variant": "on"}], enabled=False))
    flags.append(switch("killed_and_disabled", [], enabled=False))
    empty = {"reservedBuckets": [], "enrolledBucketCount": 0}
    return ruleset(
        layers=[layer(), layer("second"), layer("third"), layer("fourth")],
        holdouts=[
            {
                "key": "yearly",
                "unitType": "user",
                "salt": "holdout:yearly",
                "buckets": [{"first": 100, "end": 600}, {"first": 9000, "end": 9500}],
                "experimentKeys": ["held", "held_shipped"],
            }
        ],
        flags=flags,
        experiments=[
            experiment("running"),
            experiment("ended", layerKey="second", reservedBuckets=FIRST_HALF, enrolledBucketCount=5000, **ended),
            experiment("killed", layerKey="second", reservedBuckets=SECOND_HALF, enrolledBucketCount=5000),
            experiment("shipped", layerKey="third", **shipped, **empty),
            experiment("killed_shipped", layerKey="third", **shipped, **empty),
            experiment("held", layerKey="fourth"),
            experiment("held_shipped", layerKey="third", **shipped, **empty),
        ],
        kills=[
            {"killId": "k1", "flagKey": "killed_flag", "reason": "r", "actor": "a"},
            {"killId": "k2", "experimentKey": "killed", "reason": "r", "actor": "a"},
            {"killId": "k3", "experimentKey": "killed_shipped", "reason": "r", "actor": "a"},
            {"killId": "k4", "flagKey": "killed_and_disabled", "reason": "r", "actor": "a"},
            {"killId": "k5", "flagKey": "of_no_flag", "reason": "r", "actor": "a"},
        ],
    )


def state_cases() -> list[dict]:
    enrolled = find_unit("s", in_layer("second", 0, 5000))
    outside = find_unit("s", in_layer("second", 5000, 10000))
    cases = [
        case("ended: enrolled", "states", "ended", {"user": enrolled}, by_experiment("off", "ENDED", "ended", enrolled)),
        case("ended: not enrolled", "states", "ended", {"user": outside}, served("off", "DEFAULT")),
        case("killed: enrolled", "states", "killed", {"user": outside}, by_experiment("off", "KILLED", "killed", outside)),
        case("killed: not enrolled", "states", "killed", {"user": enrolled}, served("off", "DEFAULT")),
        case("killed flag", "states", "killed_flag", {"user": enrolled}, served("off", "KILLED")),
        case("killed flag, no unit", "states", "killed_flag", {}, served("off", "KILLED")),
        case("killed and disabled flag", "states", "killed_and_disabled", {}, served("off", "KILLED")),
        case("disabled flag", "states", "disabled", {"user": enrolled}, served("off", "DISABLED")),
    ]
    for key in ("shipped", "killed_shipped"):
        back = find_unit("h", lambda u, k=key: point(f"{k}:1:enrolment:holdback", u) < 1000)
        rest = find_unit("h", lambda u, k=key: point(f"{k}:1:enrolment:holdback", u) >= 1000)
        is_killed = key == "killed_shipped"
        for user, arm, reason in ((back, "off", "HOLDBACK"), (rest, "on", "SHIPPED")):
            expected = by_experiment("off", "KILLED", key, user) if is_killed else by_experiment(arm, reason, key, user)
            cases.append(case(f"{key}: {user}", "states", key, {"user": user}, expected))
    return cases + holdout_cases() + stale_cases()


def holdout_cases() -> list[dict]:
    def held(first, end):
        return lambda unit: first <= point("holdout:yearly", unit) < end

    cases = []
    for first, end in ((100, 600), (9000, 9500)):
        user = find_unit("o", held(first, end))
        for key in ("held", "held_shipped"):
            expected = by_experiment("off", "HOLDOUT", key, user)
            cases.append(case(f"holdout: {user} on {key}", "states", key, {"user": user}, expected))
        expected = by_experiment(split_of("running", user), "SPLIT", "running", user)
        cases.append(case(f"holdout: {user} on what it does not cover", "states", "running", {"user": user}, expected))
    free = find_unit("o", held(600, 9000))
    expected = by_experiment(split_of("held", free), "SPLIT", "held", free)
    cases.append(case("holdout: not held out", "states", "held", {"user": free}, expected))
    return cases


def stale_cases() -> list[dict]:
    stale = {"options": {"is_stale": True}, "local_only": True}
    on = find_unit("t", lambda u: split_of("running", u) == "on")
    rest = find_unit("t", lambda u: point("shipped:1:enrolment:holdback", u) >= 1000)
    killed = find_unit("t", in_layer("second", 5000, 10000))
    rows = [
        ("running", on, by_experiment("off", "STALE", "running", on)),
        ("shipped", rest, by_experiment("on", "SHIPPED", "shipped", rest)),
        ("killed", killed, by_experiment("off", "KILLED", "killed", killed)),
        ("killed_flag", on, served("off", "KILLED")),
    ]
    return [case(f"stale: {key}", "states", key, {"user": user}, expected, **stale) for key, user, expected in rows]


def rules_ruleset() -> dict:
    rollout = {"key": "rollout", "rollout": {"unitType": "device", "salt": "rollout:x", "variants": halves(8000)}}
    staff = {"key": "staff", "condition": compare("is_staff", "EQUALS", True), "variant": "on"}
    in_india = {"targeting": compare("country", "EQUALS", "IN")}
    typed = [
        ("text", "STRING", "blue", "red"),
        ("figure", "NUMBER", 0.5, 7),
        ("document", "JSON", {"retries": [1, 2], "label": None}, [True, {"deep": "ok"}]),
    ]
    return ruleset(
        layers=[layer(), layer("devices", "device")],
        flags=[
            switch("first_wins", [staff, {"key": "everybody", "variant": "off"}]),
            switch("rolled_out", [staff, rollout]),
            switch("targeted", [staff, *on_experiment("targeted"), {"key": "rest", "variant": "on"}]),
            switch("missing_unit_then_rule", [*on_experiment("missing_unit_then_rule"), {"key": "rest", "variant": "on"}]),
            switch("no_rules", []),
        ]
        + [
            {
                "key": key,
                "valueType": f"VALUE_TYPE_{kind}",
                "variants": [{"key": "off", "value": off}, {"key": "on", "value": on}],
                "controlVariant": "off",
                "enabled": True,
                "rules": [staff],
            }
            for key, kind, off, on in typed
        ],
        experiments=[
            experiment("targeted", **in_india),
            experiment("missing_unit_then_rule", layerKey="devices"),
        ],
    )


def rule_cases() -> list[dict]:
    low = find_unit("d", lambda u: point("rollout:x", u) < 8000)
    high = find_unit("d", lambda u: point("rollout:x", u) >= 8000)
    staff = served("on", "TARGETING_MATCH")
    rows = [
        ("the first rule wins", "first_wins", {"is_staff": True}, staff),
        ("the second rule", "first_wins", {"is_staff": False}, served("off", "TARGETING_MATCH")),
        ("rollout, below", "rolled_out", {"device": low}, served("off", "ROLLOUT", unit_type="device", unit_id=low)),
        ("rollout, above", "rolled_out", {"device": high}, served("on", "ROLLOUT", unit_type="device", unit_id=high)),
        ("rollout, by a rule before", "rolled_out", {"device": low, "is_staff": True}, staff),
        ("no unit", "rolled_out", {"user": "u1"}, failed("UNIT_MISSING")),
        ("an empty unit", "rolled_out", {"device": ""}, failed("UNIT_MISSING")),
        ("a unit that is no text", "rolled_out", {"device": True}, failed("UNIT_MISSING")),
        ("no unit, but a later rule", "missing_unit_then_rule", {"user": "u1"}, staff),
        ("targeted experiment", "targeted", {"user": "u1", "country": "IN"}, by_experiment(split_of("targeted", "u1"), "SPLIT", "targeted", "u1")),
        ("not targeted by the experiment", "targeted", {"user": "u1", "country": "LK"}, staff),
        ("not targeted, no unit", "targeted", {"country": "LK"}, staff),
        ("no rules", "no_rules", {}, served("off", "DEFAULT")),
        ("no such flag", "of_no_flag", {"user": "u1"}, failed("FLAG_NOT_FOUND")),
        ("no such flag, a name of every object", "constructor", {"user": "u1"}, failed("FLAG_NOT_FOUND")),
        ("text", "text", {}, served("off", "DEFAULT", "blue")),
        ("text, targeted", "text", {"is_staff": True}, served("on", "TARGETING_MATCH", "red")),
        ("figure", "figure", {}, served("off", "DEFAULT", 0.5)),
        ("document", "document", {}, served("off", "DEFAULT", {"retries": [1, 2], "label": None})),
        ("document, targeted", "document", {"is_staff": True}, served("on", "TARGETING_MATCH", [True, {"deep": "ok"}])),
    ]
    return [case(f"rules: {name}", "rules", key, context, expected) for name, key, context, expected in rows]
