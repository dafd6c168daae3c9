"""nginx sends stored files where the application lets it, and to nobody else."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from detector.models import Analysis, Photo, User
from detector.tests.people import logged_in
from emotionsite.tests import running_nginx

pytestmark = pytest.mark.django_db(transaction=True)


def cookies_of(client: Client) -> dict[str, str]:
    return {name: each.value for name, each in client.cookies.items()}


def test_files_are_sent_to_their_owner_alone(
    live_server: Any, analysed: Analysis, web: Client, stranger: User, tmp_path: Path, settings: Any
) -> None:
    settings.ACCEL_PREFIX = "/stored/"
    photo = analysed.photo
    content = Path(django_settings.MEDIA_ROOT, str(photo.image.name)).read_bytes()
    address = urlsplit(live_server.url).netloc
    page = f"/photos/{photo.pk}/image/"
    media = str(django_settings.MEDIA_ROOT)
    (tmp_path / "nginx").mkdir()
    with (
        running_nginx.running(tmp_path / "nginx", web=address, MEDIA_ROOT=media) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies=cookies_of(web)) as owner,
    ):
        whole = owner.get(page)
        assert (whole.status_code, whole.content) == (200, content)
        assert whole.headers["Content-Type"] == "image/jpeg"
        assert whole.headers["Cache-Control"] == "private, no-cache"
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in whole.headers["Content-Security-Policy"]
        assert whole.headers["X-Request-ID"]
        assert "X-Accel-Redirect" not in whole.headers
        assert owner.head(page).headers["Content-Length"] == str(len(content))
        tag = whole.headers["ETag"]
        assert owner.get(page, headers={"If-None-Match": tag}).status_code == 304
        for asked, wanted in (
            ("bytes=0-9", content[:10]),
            ("bytes=100-", content[100:]),
            ("bytes=-7", content[-7:]),
        ):
            part = owner.get(page, headers={"Range": asked, "If-Range": tag})
            assert (part.status_code, part.content) == (206, wanted)
        assert part.headers["Content-Range"] == (
            f"bytes {len(content) - 7}-{len(content) - 1}/{len(content)}"
        )
        assert owner.get(page, headers={"Range": "bytes=999999-"}).status_code == 416
        changed = owner.get(page, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
        assert (changed.status_code, changed.content) == (200, content)

        for name in (str(photo.image.name), "../nginx/nginx.conf", ""):
            assert owner.get(f"/stored/{name}").status_code == 404
        with httpx.Client(
            base_url=owner.base_url, cookies=cookies_of(logged_in(stranger))
        ) as other:
            assert other.get(page).status_code == 404
        assert httpx.get(f"{owner.base_url}{page}").status_code == 302
        # A header of the client's own opens nothing.
        assert owner.get("/healthz", headers={"X-Accel-Redirect": "/stored/"}).json() == {
            "status": "ok"
        }
        odd = default_storage.save("images/ab/a ü?.jpg", ContentFile(b"\xff\xd8 odd"))
        Photo.objects.filter(pk=photo.pk).update(image=odd)
        assert owner.get(page).content == b"\xff\xd8 odd"
        default_storage.delete(odd)
        assert owner.get(page).status_code == 404
