"""Checks answers of the service against its own description.

Reads {"document": ..., "answers": [{"what", "operation", "status", "body"}], "events": [...]} from the file that is
named, and prints one line for each answer that the description does not allow.
"""

import json
import sys

from jsonschema_rs import Draft202012Validator

cases = json.load(open(sys.argv[1]))
document = cases["document"]
operations = {
    operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
}


def problems(schema, value):
    # References in the schema start at the document's root.
    validator = Draft202012Validator(schema | {"components": document["components"]})
    return [f"{error.instance_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


def check(answer):
    responses = operations[answer["operation"]]["responses"]
    response = responses.get(str(answer["status"]))
    if response is None:
        return [f"{answer['status']} is not described, but {sorted(responses)}"]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].split("/")[-1]]
    return problems(response["content"]["application/json"]["schema"], answer["body"])


found = [f"{answer['what']}: {problem}" for answer in cases["answers"] for problem in check(answer)]
for event in cases["events"]:
    found += [f"event {event['id']}: {p}" for p in problems({"$ref": "#/components/schemas/JobEvent"}, event["data"])]
print(len(cases["answers"]), "answers,", len(cases["events"]), "events,", len(found), "problems")
print("\n".join(found))
sys.exit(1 if found else 0)
