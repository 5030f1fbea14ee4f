"""Writes ../cases.json. Expectations come from the rules in cases.md and from mmh3; nothing here calls the SDK.

    python sdk/golden/make_cases.py
"""

import importlib.metadata
import json
import pathlib

import assignment
import identity
import make_hash_vectors
import refused
import switchback
import targeting


def rulesets() -> dict:
    ramps = {f"ramp_{count}": assignment.ramp_ruleset(count) for count in assignment.STAGES}
    epochs = {f"epoch_{epoch}": assignment.epochs_ruleset(epoch) for epoch in (1, 2)}
    return {
        "targeting": targeting.targeting_ruleset(),
        "layers": assignment.layers_ruleset(),
        **ramps,
        **epochs,
        "states": assignment.states_ruleset(),
        "rules": assignment.rules_ruleset(),
        "identity": identity.identity_ruleset(),
        "switchback": switchback.switchback_ruleset(),
    }


def cases() -> list[dict]:
    return [
        *targeting.targeting_cases(),
        *assignment.layer_cases(),
        *assignment.ramp_cases(),
        *assignment.epoch_cases(),
        *assignment.state_cases(),
        *assignment.rule_cases(),
        *identity.identity_cases(),
        *switchback.switchback_cases(),
    ]


def main() -> None:
    suite = {
        "format": 1,
        "provenance": {
            "source": f"mmh3 {importlib.metadata.version('mmh3')}",
            "script": "sdk/golden/make_cases.py",
        },
        "hash_vectors": make_hash_vectors.hash_vectors(),
        "enrolment_vectors": make_hash_vectors.enrolment_vectors(),
        "rulesets": rulesets(),
        "cases": cases(),
        "refused_rulesets": refused.refused_rulesets(),
    }
    target = pathlib.Path(__file__).parent.parent / "cases.json"
    target.write_text(json.dumps(suite, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(suite['cases'])} cases, {len(suite['hash_vectors'])} hash vectors, {len(suite['refused_rulesets'])} refusals")


if __name__ == "__main__":
    main()
