"""Static files are compressed once, when they are collected."""

import brotli
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage


def test_what_pages_link_to_is_compressed_and_nothing_else() -> None:
    name = "js/base.js"
    linked = staticfiles_storage.url(name).removeprefix(settings.STATIC_URL)
    assert linked != name
    with (
        staticfiles_storage.open(f"{linked}.br") as compressed,
        staticfiles_storage.open(name) as file,
    ):
        assert brotli.decompress(compressed.read()) == file.read()
    assert staticfiles_storage.exists(f"{linked}.gz")
    assert not staticfiles_storage.exists(f"{name}.br")
