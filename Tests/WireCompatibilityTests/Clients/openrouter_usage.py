"""What was used, through OpenRouter's official SDK: credits, one generation, activity, analytics."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from openrouter import errors

from openrouter_client import check, main, refused


def credits(service):
    """What a running job holds is neither spent nor there to be spent."""
    before = service.exact("/api/v1/credits")["data"]
    slow = service.generate(provider={"options": {"fake-provider": {"delay_ms": 60000}}})
    during = service.exact("/api/v1/credits")["data"]
    check(during["held"] > 0 and during["available"] == before["available"] - during["held"], before, during)
    check(during["total_usage"] == before["total_usage"], before, during)
    estimate = service.exact(f"/api/v1/jobs/{slow.id}")["estimated_cost"]
    check(Decimal(estimate) == during["held"], estimate, during)
    check(service.raw("POST", f"/api/v1/jobs/{slow.id}/cancel").status_code == 200, slow)
    service.wait(slow.id)
    check(service.exact("/api/v1/credits")["data"] == before, before)
    sdk = service.sdk.credits.get_credits().data
    check(Decimal(str(sdk.total_credits - sdk.total_usage)) == before["available"] + before["held"], sdk, before)
    return slow.id


def generation(service, done, stopped):
    """One job each way: the SDK refuses an answer without one of its 42 keys."""
    data = service.sdk.generations.get_generation(id=done.id).data
    check(data.id == done.id and data.model == "sandbox/video" and data.api_type == "video", data)
    check(data.total_cost == done.usage.cost == data.usage and data.is_byok is False, data)
    check(data.provider_name == "Fake Provider" and data.cancelled is False, data)
    check(data.latency >= data.generation_time >= 0, data)
    check(data.num_media_completion == 1 and data.external_user == "probe-user", data)
    check(data.session_id == "probe-session", data)
    check([answer.status for answer in data.provider_responses] == [200], data.provider_responses)
    check(datetime.fromisoformat(data.created_at.replace("Z", "+00:00")).tzinfo, data.created_at)
    data = service.sdk.generations.get_generation(id=stopped).data
    check(data.cancelled is True and data.total_cost == 0, data)
    unknown = "job_01jd9f0q8v7k2m3n4p5q6r7s8t"
    refused(errors.NotFoundResponseError, 404, lambda: service.sdk.generations.get_generation(id=unknown))


def activity(service, manager, cost):
    today = datetime.now(timezone.utc).date().isoformat()
    rows = manager.sdk.analytics.get_user_activity().data
    videos = [row for row in rows if row.model == "sandbox/video"]
    check(len(videos) == 1 and videos[0].requests == 2, rows)
    check(videos[0].usage == cost and videos[0].provider_name == "Fake Provider", rows)
    check(videos[0].workspace_id is None, videos)
    split = manager.sdk.analytics.get_user_activity(request={"date_": today, "group_by": "workspace"}).data
    check({row.workspace_id for row in split} and None not in {row.workspace_id for row in split}, split)
    check(manager.sdk.analytics.get_user_activity(request={"api_key_hash": "0" * 64}).data == [], "of an unknown key")
    past = {"date_": "2020-01-01"}
    refused(errors.BadRequestResponseError, 400, lambda: manager.sdk.analytics.get_user_activity(request=past))
    refused(errors.ForbiddenResponseError, 403, lambda: service.sdk.analytics.get_user_activity())


def analytics(service, manager, cost):
    meta = manager.sdk.analytics.get_analytics_meta().data
    metrics = [metric.name for metric in meta.metrics]
    dimensions = [dimension.name for dimension in meta.dimensions]
    check({"request_count", "total_usage", "tokens_total"} <= set(metrics), metrics)
    check({"model", "provider", "api_key_id", "workspace", "user"} <= set(dimensions), dimensions)
    check({word.name: word.value_type for word in meta.operators}["in"] == "array", meta.operators)
    now = datetime.now(timezone.utc)
    answer = manager.sdk.analytics.query_analytics(
        metrics=metrics,
        dimensions=dimensions,
        granularity="day",
        filters=[{"field": "model", "operator": "eq", "value": "sandbox/video"}],
        time_range={"start": now - timedelta(days=1), "end": now + timedelta(minutes=1)},
        order_by={"field": "total_usage", "direction": "desc"},
        limit=10,
    ).data
    check(answer.metadata.row_count == len(answer.data) == 2 and not answer.metadata.truncated, answer.metadata)
    # The SDK keeps nothing of a row: its form is open.
    question = {
        "metrics": ["total_usage", "request_count", "success_rate"],
        "dimensions": ["user"],
        "filters": [{"field": "user", "operator": "in", "value": ["probe-user"]}],
    }
    raw = manager.raw("POST", "/api/v1/analytics/query", json=question)
    rows = json.loads(raw.text, parse_float=Decimal)["data"]["data"]
    check(len(rows) == 1 and rows[0]["request_count"] == 1 and rows[0]["success_rate"] == 1, rows)
    check(rows[0]["total_usage"] == Decimal(str(cost)), rows, cost)
    refused(
        errors.BadRequestResponseError, 400, lambda: manager.sdk.analytics.query_analytics(metrics=["no_such_metric"])
    )
    refused(errors.ForbiddenResponseError, 403, lambda: service.sdk.analytics.get_analytics_meta())
    table = manager.raw("GET", "/api/v1/usage.csv?group_by=model,user,day")
    check(table.status_code == 200 and table.headers["content-type"].startswith("text/csv"), table.text)
    check(any(line.startswith("sandbox/video,probe-user,") for line in table.text.split("\r\n")), table.text)
    return metrics


def script(service, management_key):
    manager = type(service)(service.origin, management_key)
    stopped = credits(service)
    done = service.run(user="probe-user", session_id="probe-session")
    generation(service, done, stopped)
    activity(service, manager, done.usage.cost)
    return {"metrics": analytics(service, manager, done.usage.cost)}


main(script)
