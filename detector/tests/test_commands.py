"""Commands of operators refuse what they cannot have meant."""

import io

import pytest
from django.core.management import CommandError, call_command

from detector.accounts import erasure
from detector.enums import ModelStatus
from detector.insights import rollups
from detector.models import Analysis, ApiToken, ModelVersion, Reanalysis, User
from detector.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "command",
    [
        ["erase_account", "", "--yes"],
        ["create_api_token", ""],
        ["seed_demo", "--user", ""],
        ["reanalyse", "--user", ""],
        ["reanalyse", "--from-model", ""],
    ],
)
def test_an_empty_name_means_nobody(analysed: Analysis, command: list[str]) -> None:
    # Such as that of an administrator who was created without an address.
    UserFactory.create(email="")
    ModelVersion.objects.update(status=ModelStatus.ACTIVE)
    users = User.objects.count()
    with pytest.raises(CommandError, match=r"is empty|No model is called"):
        call_command(*command)
    assert User.objects.count() == users
    assert not Reanalysis.objects.exists()


def test_a_name_that_is_an_address_of_somebody_else_means_nobody(owner: User) -> None:
    other = UserFactory.create(username=owner.email)
    with pytest.raises(CommandError, match="More than one user"):
        call_command("seed_demo", "--user", other.username, "--photos", "1")


def test_a_part_of_a_reanalysis_cannot_be_stopped(owner: User) -> None:
    with pytest.raises(CommandError, match="whole re-analysis"):
        call_command("reanalyse", "--cancel", "--user", owner.username)


def test_statistics_of_others_are_counted_while_an_account_is_erased(
    owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = sorted([owner, stranger], key=lambda user: user.pk)
    real = rollups.rebuild

    def rebuild(user: User) -> int:
        if user == first:
            erasure.erase_account(user)
        return real(user)

    monkeypatch.setattr(rollups, "rebuild", rebuild)
    call_command("rebuild_statistics")
    assert capsys.readouterr().out == f"{second.username}: 0 rows\n"


@pytest.mark.parametrize("grace", ["-1", "nan", "inf"])
def test_no_file_is_encrypted_before_a_wrong_wait_is_refused(grace: str) -> None:
    with pytest.raises(CommandError, match="--grace"):
        call_command("encrypt_storage", "--grace", grace)


@pytest.mark.parametrize("name", ["", "n" * 101])
def test_a_token_has_a_name_that_its_list_can_show(owner: User, name: str) -> None:
    with pytest.raises(CommandError, match="1 to 100"):
        call_command("create_api_token", owner.username, "--name", name)
    assert not ApiToken.objects.exists()


def test_nothing_is_erased_where_nobody_can_be_asked(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_account", owner.username)
    owner.refresh_from_db()
