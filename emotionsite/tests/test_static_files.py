"""Static files are compressed once, when they are collected."""

import brotli
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage


def test_what_pages_link_to_is_compressed_and_nothing_else() -> None:
    name = "js/percent.js"
    linked = staticfiles_storage.url(name).removeprefix(settings.STATIC_URL)
    assert linked != name
    with (
        staticfiles_storage.open(f"{linked}.br") as compressed,
        staticfiles_storage.open(name) as file,
    ):
        assert brotli.decompress(compressed.read()) == file.read()
    assert staticfiles_storage.exists(f"{linked}.gz")
    assert not staticfiles_storage.exists(f"{name}.br")


def test_scripts_import_each_other_by_the_names_of_what_they_hold() -> None:
    page = staticfiles_storage.url("js/live/page.js").removeprefix(settings.STATIC_URL)
    engine = staticfiles_storage.url("js/live/engine.js").rsplit("/", 1)[1]
    with staticfiles_storage.open(page) as script:
        assert f'from "./{engine}"'.encode() in script.read()
