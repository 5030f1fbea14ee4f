"""Small builders of rulesets as proto3 JSON, and of what is expected of a decision."""


def ruleset(version: int = 7, **documents) -> dict:
    return {"version": str(version), "publishedAt": "2026-03-01T00:00:00Z", **documents}


def switch(key: str, rules: list, enabled: bool = True) -> dict:
    """A boolean flag with the variants off (control) and on."""
    variants = [{"key": "off", "value": False}, {"key": "on", "value": True}]
    return {
        "key": key,
        "valueType": "VALUE_TYPE_BOOLEAN",
        "variants": variants,
        "controlVariant": "off",
        "enabled": enabled,
        "rules": rules,
    }


def experiment(key: str, **changes) -> dict:
    """A running half-and-half experiment on a flag of the same key, enrolling all of the layer."""
    return {
        "key": key,
        "flagKey": key,
        "layerKey": "main",
        "epoch": 1,
        "status": "EXPERIMENT_STATUS_RUNNING",
        "variants": halves(),
        "variantSalt": f"{key}:1:variants",
        "enrolmentSalt": f"{key}:1:enrolment",
        "reservedBuckets": [{"first": 0, "end": 10000}],
        "enrolledBucketCount": 10000,
        **changes,
    }


def halves(first: int = 5000) -> list:
    return [
        {"variant": "off", "weightBasisPoints": first},
        {"variant": "on", "weightBasisPoints": 10000 - first},
    ]


def on_experiment(key: str) -> list:
    return [{"key": "experiment", "experimentKey": key}]


def layer(key: str = "main", unit_type: str = "user") -> dict:
    return {"key": key, "unitType": unit_type, "salt": f"layer:{key}"}


def compare(attribute: str, operator: str, *values) -> dict:
    comparison = {"attribute": attribute, "operator": f"OPERATOR_{operator}", "values": [constant(v) for v in values]}
    return {"comparison": comparison}


def constant(value) -> dict:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, (int, float)):
        return {"numberValue": value}
    if isinstance(value, list):
        return {"stringList": {"values": value}}
    return {"stringValue": value}


def case(name, ruleset_name, flag_key, context, expected, **more) -> dict:
    return {"name": name, "ruleset": ruleset_name, "flag_key": flag_key, "context": context, "expected": expected, **more}


def served(variant, reason, value=None, experiment_key=None, epoch=0, unit_type=None, unit_id=None) -> dict:
    """What a decision must be; boolean flags with the variants off and on need no value."""
    return {
        "variant": variant,
        "value": {"off": False, "on": True}[variant] if value is None else value,
        "reason": f"REASON_{reason}",
        "experiment_key": experiment_key,
        "epoch": epoch,
        "unit_type": unit_type,
        "unit_id": unit_id,
        "error_code": "ERROR_CODE_UNSPECIFIED",
    }


def by_experiment(variant, reason, key, unit_id, unit_type="user", epoch=1) -> dict:
    return served(variant, reason, experiment_key=key, epoch=epoch, unit_type=unit_type, unit_id=unit_id)


def failed(error_code) -> dict:
    return {
        "variant": None,
        "value": None,
        "reason": "REASON_ERROR",
        "experiment_key": None,
        "epoch": 0,
        "unit_type": None,
        "unit_id": None,
        "error_code": f"ERROR_CODE_{error_code}",
    }
