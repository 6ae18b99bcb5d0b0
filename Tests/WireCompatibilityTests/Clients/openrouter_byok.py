"""A customer's own provider keys through OpenRouter's official SDK: hand in, list, show, change, delete."""

from openrouter import errors

from openrouter_client import check, main, refused

SECRET = "sk-customer-0123456789abcdefghijklmnop"


def script(service, management_key):
    manager = type(service)(service.origin, management_key)
    byok = manager.sdk.byok
    made = byok.create(provider="openai", key=SECRET, name="Ours", allowed_models=["openai/sora-2"], is_fallback=True).data
    check(made.provider == "openai" and made.name == "Ours", made)
    check(made.label == "sk-...mnop", made.label)
    check(made.is_fallback and not made.disabled and not made.is_byok_only and not made.is_required, made)
    check(made.allowed_models == ["openai/sora-2"], made)
    check(made.allowed_api_key_hashes is None and made.allowed_user_ids is None, made)
    second = byok.create(provider="elevenlabs", key=SECRET, disabled=True, declared_region="europe").data
    third = byok.create(provider="openai", key=SECRET, declared_zdr=True).data
    check((made.sort_order, third.sort_order) == (0, 1), made, third)

    listed = byok.list().result
    check(listed.total_count == 3, listed)
    check({key.id for key in listed.data} == {made.id, second.id, third.id}, listed)
    some = byok.list(provider="openai").result
    check([key.id for key in some.data] == [made.id, third.id] and some.total_count == 2, some)
    page = byok.list(limit=1, offset=0)
    seen = []
    while page is not None:
        seen += [key.id for key in page.result.data]
        page = page.next()
    check(seen == [key.id for key in listed.data], seen)

    check(byok.get(id=made.id).data == made, made)
    changed = byok.update(id=made.id, name=None, disabled=True).data
    check(changed.name is None and changed.disabled and changed.allowed_models == made.allowed_models, changed)
    rotated = byok.update(id=made.id, key="another-key-of-the-customer-0WXYZ", allowed_models=None).data
    check(rotated.label == "ano...WXYZ" and rotated.allowed_models is None and rotated.disabled, rotated)

    error = refused(errors.BadRequestResponseError, 400, lambda: byok.create(provider="anthropic", key=SECRET))
    check("openai" in error.message, error)
    error = refused(errors.BadRequestResponseError, 400, lambda: byok.create(provider="openai", key="not a key"))
    check("not a key" not in error.message, error)
    refused(errors.ForbiddenResponseError, 403, lambda: service.sdk.byok.list())
    refused(errors.ForbiddenResponseError, 403, lambda: service.sdk.byok.create(provider="openai", key=SECRET))

    for key in [made, second, third]:
        check(byok.delete(id=key.id).DELETED is True, key.id)
        refused(errors.NotFoundResponseError, 404, lambda: byok.get(id=key.id))
        refused(errors.NotFoundResponseError, 404, lambda: byok.delete(id=key.id))
    check(byok.list().result.total_count == 0, "left over")
    return {"keys": len(seen)}


main(script)
