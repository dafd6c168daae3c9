"""`manage.py reanalyse`: analyse old photos again with the active model."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.analyses import reanalysis
from detector.enums import ReanalysisStatus
from detector.exceptions import DetectorError
from detector.management.people import user_called
from detector.models import ModelVersion, Reanalysis
from detector.registry import selectors as model_selectors


class Command(BaseCommand):
    help = (
        "Analyse old photos again with the active model, in the background, behind new uploads. "
        "Without an option: all photos that another model analysed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="only the photos of this user name or mail address")
        parser.add_argument("--from-model", help="only photos that this model analysed")
        what = parser.add_mutually_exclusive_group()
        for name in ("status", "pause", "resume", "cancel"):
            what.add_argument(f"--{name}", dest="what", action="store_const", const=name)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chosen = [name for name in ("user", "from_model") if options[name] is not None]
            if options["what"] and chosen:
                # There is one re-analysis at a time: it would change that of everybody.
                raise CommandError(f"--{options['what']} is of the whole re-analysis.")
            if options["what"] is None:
                campaign = _start(options["user"], options["from_model"])
            else:
                campaign = _change(options["what"])
        except DetectorError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_line(campaign))


def _start(user: str | None, from_model: str | None) -> Reanalysis:
    model = model_selectors.active_model()
    if model is None:
        raise CommandError("No model is active: start a worker first.")
    return reanalysis.start(
        model=model,
        actor=None,
        owner=None if user is None else user_called(user),
        from_version=None if from_model is None else _version(from_model),
    )


def _change(what: str) -> Reanalysis:
    """Pause, resume or cancel the unfinished campaign, or show the status of the last one."""
    campaigns = Reanalysis.objects.order_by("-id")
    if what != "status":
        campaigns = campaigns.filter(status__in=[ReanalysisStatus.RUNNING, ReanalysisStatus.PAUSED])
    campaign = campaigns.first()
    if campaign is None:
        raise CommandError("There is no re-analysis.")
    changes = {
        "pause": reanalysis.pause,
        "resume": reanalysis.resume,
        "cancel": reanalysis.cancel,
    }
    if what in changes:
        changes[what](campaign, None)
    return campaign


def _line(campaign: Reanalysis) -> str:
    so_far = reanalysis.progress(campaign)
    return (
        f"{campaign.status}: {so_far.done} of {so_far.photos} photos read with "
        f"{campaign.model_version}, {so_far.failed} failed {campaign.note}"
    ).rstrip()


def _version(name: str) -> ModelVersion:
    version = ModelVersion.objects.filter(name=name).order_by("-id").first()
    if version is None:
        raise CommandError(f"No model is called {name}.")
    return version
