"""Rulesets that must be refused as a whole, each for one thing that is wrong with it."""

from rulesets import compare, experiment, halves, layer, on_experiment, ruleset, switch


def refused_rulesets() -> list[dict]:
    def of(**documents):
        base = {
            "layers": [layer()],
            "flags": [switch("f", on_experiment("f"))],
            "experiments": [experiment("f")],
        }
        return ruleset(**{**base, **documents})

    def of_experiment(**changes):
        return of(experiments=[experiment("f", **changes)])

    def of_condition(condition, **documents):
        rules = [{"key": "r", "condition": condition, "variant": "on"}]
        return of(flags=[switch("f", rules)], experiments=[], **documents)

    def of_flag(**changes):
        return of(flags=[{**switch("f", []), **changes}], experiments=[])

    deep = compare("a", "EXISTS")
    for _ in range(70):
        deep = {"not": deep}
    half = [{"first": 0, "end": 5001}]
    other = experiment("g", reservedBuckets=[{"first": 5000, "end": 10000}], enrolledBucketCount=0)
    kill = {"killId": "k", "flagKey": "f"}
    rows = [
        ("weights below the whole", of_experiment(variants=halves()[:1])),
        ("a weight twice", of_experiment(variants=[halves()[0], halves()[0]])),
        ("a variant that the flag lacks", of_experiment(variants=[{"variant": "x", "weightBasisPoints": 10000}])),
        ("buckets past the end", of_experiment(reservedBuckets=[{"first": 0, "end": 10001}])),
        ("buckets turned round", of_experiment(reservedBuckets=[{"first": 10, "end": 10}], enrolledBucketCount=0)),
        ("more enrolled than reserved", of_experiment(reservedBuckets=half)),
        ("no layer", of(layers=[])),
        ("no flag", of(flags=[])),
        ("no experiment", of(experiments=[])),
        ("an unknown status", of_experiment(status="EXPERIMENT_STATUS_UNSPECIFIED")),
        ("shipped without a variant", of_experiment(status="EXPERIMENT_STATUS_SHIPPED")),
        ("a holdback past the whole", of_experiment(holdbackBasisPoints=10001)),
        ("the layer's salt for the variants", of_experiment(variantSalt="layer:main")),
        ("no salt for the variants", of_experiment(variantSalt="")),
        (
            "two experiments on one bucket",
            of(
                flags=[switch("f", []), switch("g", [])],
                experiments=[experiment("f", reservedBuckets=half, enrolledBucketCount=0), other],
            ),
        ),
        ("a key twice", of(flags=[switch("f", []), switch("f", [])], experiments=[])),
        ("a rule twice", of_flag(rules=[{"key": "r", "variant": "on"}, {"key": "r", "variant": "off"}])),
        ("a rule that serves nothing", of_flag(rules=[{"key": "r"}])),
        ("a control that is no variant", of_flag(controlVariant="x")),
        ("a value of another type", of_flag(valueType="VALUE_TYPE_STRING")),
        ("no value type", of_flag(valueType="VALUE_TYPE_UNSPECIFIED")),
        ("an empty condition", of_condition({})),
        ("no such segment", of_condition({"segmentKey": "s"})),
        ("a segment within itself", of(segments=[{"key": "s", "condition": {"not": {"segmentKey": "s"}}}])),
        ("conditions without end", of_condition(deep)),
        ("an unknown operator", of_condition(compare("a", "UNSPECIFIED", 1))),
        ("a comparison of nothing", of_condition(compare("", "EXISTS"))),
        ("equality with two values", of_condition(compare("a", "EQUALS", 1, 2))),
        ("equality with none", of_condition(compare("a", "EQUALS"))),
        ("existence with a value", of_condition(compare("a", "EXISTS", 1))),
        ("a number compared with a text", of_condition(compare("a", "LESS_THAN", "1"))),
        ("a version that is none", of_condition(compare("a", "SEMVER_EQUALS", "seven"))),
        ("a time that is none", of_condition(compare("a", "BEFORE", "tomorrow"))),
        ("a time without an offset", of_condition(compare("a", "BEFORE", "2026-03-01T00:00:00"))),
        ("in nothing", of_condition(compare("a", "IN"))),
        ("a kill of nothing", of(kills=[{"killId": "k"}])),
        ("two kills of one id", of(kills=[kill, {**kill, "flagKey": "g"}])),
        ("a layer without a unit", of(layers=[layer(unit_type="")])),
        ("a holdout past the end", of(holdouts=[{"key": "h", "unitType": "user", "salt": "s", "buckets": [{"first": 0, "end": 10001}]}])),
    ]
    return [{"name": name, "ruleset": document} for name, document in rows]
