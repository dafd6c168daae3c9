"""Wrong tokens: counted, told, and soon refused without a look into the database."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from detector.api.failed_logins import FailureThrottle
from detector.models import User
from detector.tests.conftest import api_client
from detector.tests.services_needed import need_redis
from emotionsite.cache import RedisCache

pytestmark = pytest.mark.django_db
URL = "/api/v1/analyses/"
LIMIT = 5


@pytest.fixture(autouse=True)
def _limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set a limit, with a window of time that does not end before the test."""
    rates = {**SimpleRateThrottle.THROTTLE_RATES, "failed": f"{LIMIT}/min"}
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
    with time_machine.travel("2026-06-01T12:00:15Z", tick=False):
        yield


def call(header: str | None, address: str = "192.0.2.1") -> Any:
    client = APIClient()
    if header is not None:
        client.credentials(HTTP_AUTHORIZATION=header)
    return client.get(URL, REMOTE_ADDR=address)


def secret_of(client: Any) -> str:
    return str(client._credentials["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")


@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer ", "Bearer nonsense", "bearer nonsense", "Bearer a b", "Bearer  a",
     "Bearer \xff\xfe", "Bearer " + "a" * 10_000, "Bearer a\x00b", "Basic eDp5", "Token x",
     "Bearer\tx"],
)  # fmt: skip
def test_failures_of_an_address_are_limited(header: str | None) -> None:
    answers = [call(header) for _ in range(LIMIT + 3)]
    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429] * 3
    last = answers[-1]
    assert last.json()["error"]["code"] == "throttled"
    assert last["Retry-After"] == last["RateLimit-Reset"] == "45"
    assert (last["RateLimit-Limit"], last["RateLimit-Remaining"]) == (str(LIMIT), "0")
    assert answers[0]["RateLimit-Remaining"] == str(LIMIT - 1)
    assert call("Bearer another", "192.0.2.2").status_code == 401


def test_database_is_not_asked_once_the_limit_is_reached() -> None:
    for number in range(LIMIT):
        call(f"Bearer {number}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert call("Bearer another").status_code == 429
    assert len(queries) == 0


class SlowCache(LocMemCache):
    """Lets others in between reading and writing."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get(*args, **kwargs)
        time.sleep(0.02)
        return found


def counted_at_once(kept_in: Any, monkeypatch: pytest.MonkeyPatch, number: int) -> Any:
    monkeypatch.setattr(SimpleRateThrottle, "cache", kept_in)
    ident = uuid4().hex
    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(FailureThrottle(ident).count) for _ in range(number)]:
            done.result()
    return FailureThrottle(ident)


def test_failures_at_the_same_time_all_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not counted_at_once(SlowCache("a", {}), monkeypatch, LIMIT - 1).is_reached()
    throttle = counted_at_once(SlowCache("b", {}), monkeypatch, 2 * LIMIT)
    assert throttle.is_reached()
    assert throttle.cache.get(throttle.key) == 2 * LIMIT
    assert throttle.wait() == 45


def test_failures_at_the_same_time_all_count_in_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    kept_in = RedisCache(need_redis(), {"KEY_PREFIX": "failed_logins"})
    throttle = counted_at_once(kept_in, monkeypatch, 2 * LIMIT)
    assert kept_in.get(throttle.key) == 2 * LIMIT
    assert 0 < kept_in.ttl(throttle.key) <= 60
    kept_in.delete(throttle.key)


def test_count_that_the_cache_threw_out_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    full = LocMemCache("full", {})
    monkeypatch.setattr(full, "add", lambda *_: False)
    throttle = counted_at_once(full, monkeypatch, 1)
    throttle.count()
    assert not throttle.is_reached()


def test_limit_ends() -> None:
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        for _ in range(LIMIT + 20):
            call("Bearer x")
        clock.shift(61)
        assert call("Bearer x").status_code == 401


def test_right_tokens_of_the_same_address_keep_working(owner: User, web: Client) -> None:
    client = api_client(owner)
    # Not even remembered from its making.
    cache.clear()
    assert client.get(URL).status_code == 200
    new = api_client(owner)
    for number in range(LIMIT + 1):
        APIClient().get(URL, HTTP_AUTHORIZATION=f"Bearer {number}")
    assert APIClient().get(URL, HTTP_AUTHORIZATION="Bearer x").status_code == 429
    assert (client.get(URL).status_code, new.get(URL).status_code) == (200, 200)
    assert web.get(URL).status_code == 200
    assert APIClient().get("/api/schema/").status_code == 200


def test_beginning_of_a_token_is_limited_and_cannot_be_locked(owner: User) -> None:
    client = api_client(owner)
    secret = secret_of(client)
    assert client.get(URL).status_code == 200
    answers = [
        call(f"Bearer {secret[:20]}{number}", f"198.51.100.{number}") for number in range(LIMIT + 2)
    ]
    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429] * 2
    assert client.get(URL).status_code == 200


def test_token_that_was_revoked_is_soon_not_looked_up(owner: User) -> None:
    client = api_client(owner)
    assert client.get(URL).status_code == 200
    owner.auth_token_set.all().delete()
    answers = [client.get(URL).status_code for _ in range(LIMIT + 1)]
    assert answers == [401] * LIMIT + [429]


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    answers = [call("Bearer x", f"2001:db8:1:2::{number:x}") for number in range(1, LIMIT + 2)]
    assert answers[-1].status_code == 429
    assert call("Bearer another", "2001:db8:1:3::1").status_code == 401


def test_ipv4_addresses_within_ipv6_are_not_one_network() -> None:
    answers = [
        call(f"Bearer {number}", f"::ffff:192.0.2.{number}") for number in range(1, LIMIT + 2)
    ]
    assert {answer.status_code for answer in answers} == {401}
    for number in range(LIMIT):
        call(f"Bearer y{number}", "::ffff:192.0.2.99")
    assert call("Bearer last", "192.0.2.99").status_code == 429
    assert call("Bearer last", "192.0.2.98").status_code == 401


def test_cache_that_is_away_locks_nobody_out(
    owner: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "emotionsite.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "IGNORE_EXCEPTIONS": True},
        }
    }
    settings.DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = False
    assert [call("Bearer x").status_code for _ in range(LIMIT + 2)] == [401] * (LIMIT + 2)
    assert api_client(owner).get(URL).status_code == 200
    owner.set_password("a long pass phrase")
    owner.save()
    wish = {"login": owner.username, "password": "a long pass phrase"}
    answer = Client().post("/accounts/login/", wish)
    assert (answer.status_code, answer["Location"]) == (302, "/history/")


def test_cache_keys_tell_no_token(owner: User) -> None:
    client = api_client(owner)
    secret = secret_of(client)
    client.get(URL)
    call(f"Bearer {secret[:30]}")
    stored = str(list(getattr(cache, "_cache")))  # noqa: B009
    assert secret[:15] not in stored
