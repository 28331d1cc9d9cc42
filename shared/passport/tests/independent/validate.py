"""Validates cases with PyPI jsonschema. stdin: {"schemas": {name: schema}, "cases": [{"schema", "document"}]}.
stdout: for each case the JSON Pointers of its faults."""

import json
import sys

from jsonschema import Draft202012Validator

given = json.load(sys.stdin)
validators = {}
for name, schema in given["schemas"].items():
    Draft202012Validator.check_schema(schema)
    validators[name] = Draft202012Validator(schema)


def pointer(path):
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


json.dump(
    [
        [pointer(fault.absolute_path) for fault in validators[case["schema"]].iter_errors(case["document"])]
        for case in given["cases"]
    ],
    sys.stdout,
)
