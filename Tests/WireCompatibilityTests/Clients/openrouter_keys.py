"""Keys, workspaces and budgets by OpenRouter's official SDK: as the operator of the service uses it."""

from datetime import datetime, timedelta, timezone

from openrouter import errors
from openrouter_client import Service, check, main, refused


def keys(manager):
    """A key from its making to its end."""
    api = manager.sdk.api_keys
    expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
    made = api.create(name="app", limit=0.5, limit_reset="daily", expires_at=expires, creator_user_id="ann")
    check(made.key.startswith("sk-med-v1-"), made)
    data = made.data
    check(data.limit == 0.5 and data.limit_remaining == 0.5 and data.limit_reset == "daily", data)
    check(data.expires_at == expires and data.creator_user_id == "ann" and data.last_used_at is None, data)
    check(data.hash in [key.hash for key in api.list().data], data.hash)

    app = Service(manager.origin, made.key)
    job = app.run()
    shown = api.get(hash=data.hash).data
    check(shown.usage == shown.usage_daily == job.usage.cost, shown, job)
    check(shown.last_used_at is not None, shown)
    check(abs(shown.limit_remaining - (0.5 - job.usage.cost)) < 1e-9, shown)
    own = app.sdk.api_keys.get_current_key_metadata().data
    check(own.limit_reset == "daily" and own.workspace_id == data.workspace_id, own)
    layer = own.effective_budget
    check(layer.scope == "key_limit" and layer.spend_usd == job.usage.cost, layer)
    check(layer.reset_interval == "daily" and layer.resets_at > datetime.now(timezone.utc), layer)

    changed = api.update(hash=data.hash, name="renamed", limit=None, limit_reset=None).data
    check(changed.name == "renamed" and changed.limit is None and changed.limit_reset is None, changed)
    check(changed.updated_at, changed)
    check(api.update(hash=data.hash, disabled=True).data.disabled, "not disabled")
    check(data.hash not in [key.hash for key in api.list().data], "a disabled key is listed")
    check(data.hash in [key.hash for key in api.list(include_disabled=True).data], "a disabled key is lost")
    refused(errors.UnauthorizedResponseError, 401, app.sdk.api_keys.get_current_key_metadata)
    check(api.delete(hash=data.hash).DELETED, "not deleted")
    refused(errors.NotFoundResponseError, 404, lambda: api.get(hash=data.hash))
    refused(errors.NotFoundResponseError, 404, lambda: api.delete(hash=data.hash))
    refused(errors.BadRequestResponseError, 400, lambda: api.create(name="x", limit=-1))


def workspaces(manager):
    """A workspace with budgets, from its making to its end."""
    api = manager.sdk.workspaces
    first = api.list().result
    check(first.total_count == 1 and first.data[0].slug == "default", first)
    default = first.data[0]
    check(api.get(id=default.id).data == default == api.get(id="default").data, default)
    made = api.create(name="Studio", slug="studio", description="pictures").data
    check(made.slug == "studio" and made.created_at and made.updated_at is None, made)
    check(api.update(id=made.id, name="The studio", description=None).data.name == "The studio", "not renamed")
    check([one.slug for one in api.list().result.data] == ["default", "studio"], "not listed")
    check(api.list_members(id=made.id).result.data == [], "somebody is in it")

    key = manager.sdk.api_keys.create(name="in it", workspace_id=made.id)
    check(key.data.workspace_id == made.id, key)
    check([one.name for one in manager.sdk.api_keys.list(workspace_id=made.id).data] == ["in it"], "not in it")
    refused(errors.BadRequestResponseError, 400, lambda: api.delete(id=made.id))
    manager.sdk.api_keys.delete(hash=key.data.hash)
    check(api.delete(id=made.id).DELETED, "not deleted")
    refused(errors.NotFoundResponseError, 404, lambda: api.get(id=made.id))
    return default


def budgets(service, manager, default):
    """What all keys of a workspace may spend together."""
    api = manager.sdk.workspaces
    set_one = api.set_budget(workspace_ref=default.id, interval="monthly", limit_usd=500, include_byok_in_budgets=False)
    check(set_one.data.limit_usd == 500 and set_one.data.reset_interval == "monthly", set_one)
    check(set_one.data.workspace_id == default.id, set_one)
    check(api.get_budget(workspace_ref="default", interval="monthly").data == set_one.data, "not kept")
    refused(
        errors.BadRequestResponseError,
        400,
        lambda: api.set_budget(workspace_ref="default", interval="daily", limit_usd=500),
    )
    spent = service.sdk.api_keys.get_current_key_metadata().data.budgets
    check([layer.scope for layer in spent] == ["workspace"], spent)
    limit = round(spent[0].spend_usd + 0.1, 9)
    api.set_budget(workspace_ref="default", interval="daily", limit_usd=limit)
    check([one.reset_interval for one in api.list_budgets(workspace_ref="default").data] == ["daily", "monthly"], "list")
    error = refused(errors.ForbiddenResponseError, 403, service.generate)
    check(error.message.startswith("Workspace daily budget of $"), error)
    for _ in range(2):
        check(api.delete_budget(workspace_ref="default", interval="daily").DELETED, "not deleted")
    refused(
        errors.NotFoundResponseError,
        404,
        lambda: api.get_budget(workspace_ref="default", interval="daily"),
    )
    service.run()


def script(service, manager_key):
    manager = Service(service.origin, manager_key)
    keys(manager)
    default = workspaces(manager)
    budgets(service, manager, default)
    refused(errors.ForbiddenResponseError, 403, service.sdk.workspaces.list)
    refused(errors.ForbiddenResponseError, 403, lambda: service.sdk.api_keys.create(name="x"))
    return {"workspace": default.id}


main(script)
