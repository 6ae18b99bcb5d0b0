"""Hooks of schemathesis: lets submissions name models that exist, so that there are jobs to look at.

Generated names of models are answered 404, which is right and leads nowhere. Only submissions that follow the schema
are changed; those that break it on purpose go out as they are.
"""

import schemathesis

MODELS = {kind: f"sandbox/{kind}" for kind in ("video", "image", "speech", "music", "sound")}


@schemathesis.hook
def before_load_schema(context, schema):
    # By their names these are taken for ids of things that other routes make first; nothing would be submitted then.
    for form in schema["components"]["schemas"].values():
        for name in ("session_id", "previous_job_id"):
            form.get("properties", {}).pop(name, None)


@schemathesis.hook
def before_call(context, case, kwargs):
    # Nobody waits for a minute, and no job waits for next year.
    if isinstance(case.query, dict) and isinstance(case.query.get("wait"), (int, float)):
        case.query["wait"] = min(case.query["wait"], 1)
    body = case.body
    if case.method != "POST" or not isinstance(body, dict) or not isinstance(body.get("model", ""), str):
        return
    if case.meta and not case.meta.generation.mode.is_positive:
        return
    if case.operation.path == "/v1/videos":
        case.body = {"model": MODELS["video"], "prompt": body["prompt"]}
    if body.get("type") not in MODELS:
        return
    text = "input" if body["type"] == "speech" else "prompt"
    # Half of them plain, which are accepted; half with whatever was generated, for the models' own rules.
    if len(body.get(text) or "") % 2:
        body = {"type": body["type"], text: body[text]}
    case.body = body | {"model": MODELS[body["type"]], "start_after": None}
