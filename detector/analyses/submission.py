"""Photos in, hints to the workers out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from detector.analyses import leases, reanalysis
from detector.common import clock, dispatch, locks, storage
from detector.common.dispatch import TaskName
from detector.enums import UNDER_WAY, Source, Status
from detector.exceptions import DetectorError
from detector.models import Analysis, Photo, User
from detector.models.ids import new_id
from detector.photos import annotations, archives, images, quotas, trash
from detector.photos.remarks import NO_REMARK, Remark


@dataclass(frozen=True)
class Rejection:
    """A file that was not taken, and why."""

    filename: str
    error: DetectorError


@dataclass
class Submission:
    """What became of the files of one upload; `accepted` holds one analysis a file taken."""

    accepted: list[Analysis] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    duplicates: set[UUID] = field(default_factory=set)

    def add(self, analysis: Analysis, is_new: bool) -> None:
        """Note a file that was taken."""
        self.accepted.append(analysis)
        if not is_new:
            self.duplicates.add(analysis.pk)

    def extend(self, other: "Submission") -> None:
        """Note what became of several."""
        self.accepted += other.accepted
        self.rejected += other.rejected
        self.duplicates |= other.duplicates


def submit(owner: User, files: "Iterable[UploadedFile[Any]]", source: Source) -> Submission:
    """Take each file that is a photo, and each photo of an archive.

    A bad one never stops the others. All of one call are one batch.
    """
    submission = Submission()
    batch = new_id()
    for file in files:
        name = images.short_name(file.name or "photo")
        try:
            if archives.is_archive(file):
                submission.extend(_submit_archive(owner, file, batch))
            else:
                submission.add(*_submit_file(owner, file, source, batch))
        except DetectorError as error:
            submission.rejected.append(Rejection(name, error))
    _send_after_commit([a.pk for a in submission.accepted if a.pk not in submission.duplicates])
    return submission


def _submit_archive(owner: User, file: "UploadedFile[Any]", batch: UUID) -> Submission:
    """Take each photo of an archive; raises DetectorError where there is none or it is unsafe."""
    archive = archives.Archive(file)
    submission = Submission()
    for member in archive.members:
        try:
            with archive.unpacked(member) as photo:
                remark = archive.remark_on(member)
                submission.add(*_submit_file(owner, photo, Source.ARCHIVE, batch, remark))
        except DetectorError as error:
            submission.rejected.append(Rejection(archive.name_of(member), error))
    # An archive of other things, a document for instance, is one mistake and not many.
    codes = {rejection.error.code for rejection in submission.rejected}
    if not submission.accepted and codes <= {"unsupported_format"}:
        raise archives.NO_PHOTO
    return submission


def _submit_file(
    owner: User,
    file: "UploadedFile[Any]",
    source: Source,
    batch: UUID,
    remark: Remark = NO_REMARK,
) -> tuple[Analysis, bool]:
    """Store a photo and queue its analysis; whether it is new.

    A file that the owner already has is not stored twice: its analysis is returned, out of the bin
    if it was there, and tried again if it had failed. Raises DetectorError where the file is not a
    photo that can be read; then nothing is left behind.
    """
    checked = images.check_upload(file)
    known = _exported_from(owner, remark, checked) or _brought_back(owner, checked.sha256)
    if known is not None:
        images.restore_upload(known.photo, checked)
        retry(known)
        return known, False
    photo = _photo(owner, checked, source, batch, remark)
    # The file is stored before the row that names it, and outside the transaction.
    storage.save(photo.upload, checked.content)
    try:
        analysis = _create_rows(photo, remark)
    except IntegrityError as error:
        # The same file came in twice at once and the other one won, or the account is gone.
        images.delete_files([str(photo.upload.name)])
        known = _brought_back(owner, checked.sha256)
        if known is None:
            raise DetectorError("account_gone", "This account is being deleted.") from error
        return known, False
    return analysis, True


def _create_rows(photo: Photo, remark: Remark) -> Analysis:
    is_complete = False
    try:
        with transaction.atomic():
            quotas.check(photo)
            photo.save(force_insert=True)
            if remark != NO_REMARK:
                annotations.annotate(
                    photo, note=remark.note, tags=remark.tags, felt_emotion=remark.felt_emotion
                )
            analysis = _queue(photo)
            is_complete = True
    except BaseException:
        # Once the commit was asked for, the row may be there whatever is raised.
        if not is_complete:
            images.delete_files([str(photo.upload.name)])
        raise
    return analysis


def retry(analysis: Analysis) -> bool:
    """Queue a failed analysis again, with all its attempts; whether that was done.

    Not a failed renewal that another came after: the photo has its newer result, or waits for it.
    """
    now = clock.now()
    with transaction.atomic():
        list(locks.lock_photos(analysis.owner, [analysis.photo_id]))
        failed = Analysis.objects.filter(pk=analysis.pk, status=Status.FAILED)
        others = Analysis.objects.filter(photo=OuterRef("photo")).exclude(pk=OuterRef("pk"))
        newer = Q(queued_at__gt=OuterRef("queued_at"), superseded=False)
        failed = failed.exclude(Exists(others.filter(newer | Q(status__in=UNDER_WAY))))
        changed = failed.update(
            status=Status.QUEUED,
            attempt=0,
            due_at=now,
            sent_at=now,
            finished_at=None,
            error_code="",
            error_message="",
        )
        if changed:
            _send_after_commit([analysis.pk])
            analysis.refresh_from_db()
    return bool(changed)


@transaction.atomic
def analyse_again(owner: User, photo_ids: Iterable[UUID]) -> int:
    """Queue an analysis of each of an owner's photos that has none under way; how many.

    A result stands until the new one is done, and also if that fails. A failed analysis is tried
    again instead, it is no result.
    """
    photos = locks.lock_photos(owner, photo_ids).filter(deleted_at=None)
    return sum(_analyse_again(photo) for photo in photos)


def _analyse_again(photo: Photo) -> bool:
    current = Analysis.objects.get(photo=photo, superseded=False)
    if current.status != Status.DONE:
        return retry(current)
    if Analysis.objects.filter(photo=photo, status__in=UNDER_WAY).exists():
        return False
    _send_after_commit([_queue(photo, superseded=True).pk])
    return True


def _queue(photo: Photo, *, superseded: bool = False) -> Analysis:
    now = clock.now()
    return Analysis.objects.create(
        photo=photo,
        owner_id=photo.owner_id,
        superseded=superseded,
        queued_at=now,
        due_at=now,
        sent_at=now,
    )


def _send_after_commit(ids: list[UUID]) -> None:
    # Robust: whatever goes wrong with a hint, the photo is in and its row will be found.
    transaction.on_commit(lambda: _send_all(ids), robust=True)


def _send_all(ids: list[UUID]) -> None:
    for number, analysis_id in enumerate(ids):
        if not dispatch.send(TaskName.ANALYSE, analysis_id):
            # A broker that is away may take seconds to say so: once is enough.
            Analysis.objects.filter(pk__in=ids[number:]).update(sent_at=None)
            return


def sweep() -> int:
    """Send again what a lost worker left, what is due, and what was perhaps never heard of.

    Returns how many messages were sent.
    """
    leases.release_abandoned()
    queued = Analysis.objects.filter(status=Status.QUEUED)
    due = Q(due_at__lte=clock.now())
    return dispatch.resend(TaskName.ANALYSE, queued, order_by="due_at", due=due)


def resume_reanalysis() -> None:
    """Let a re-analysis begin, or go on where whatever would have moved it on was lost."""
    _send_all(reanalysis.advance())


def _existing(owner: User, sha256: str) -> Analysis | None:
    current = Analysis.objects.filter(photo__owner=owner, photo__sha256=sha256, superseded=False)
    return current.select_related("photo").first()


def _brought_back(owner: User, sha256: str) -> Analysis | None:
    """The current analysis of the photo that the owner has already, out of the bin."""
    known = _existing(owner, sha256)
    if known is None or known.photo.deleted_at is None:
        return known
    trash.restore(owner, [known.photo_id])
    # Asked again: it may have been erased, or someone else brought it back.
    return _existing(owner, sha256)


def _exported_from(owner: User, remark: Remark, checked: images.CheckedUpload) -> Analysis | None:
    """The photo that a picture of our export is of; what is written on it now may be newer."""
    known = _existing(owner, remark.sha256) if remark.sha256 else None
    if known is None:
        return None
    sides = (known.photo.width, known.photo.height)
    return _brought_back(owner, remark.sha256) if sides == (checked.width, checked.height) else None


def _photo(
    owner: User, checked: images.CheckedUpload, source: Source, batch: UUID, remark: Remark
) -> Photo:
    now = clock.now()
    return Photo(
        owner=owner,
        filename=images.short_name(remark.filename or checked.filename),
        sha256=checked.sha256,
        stored_bytes=checked.content.size or 0,
        width=checked.width,
        height=checked.height,
        format=checked.format,
        uploaded_at=now,
        captured_at=remark.captured_at,
        taken_at=remark.captured_at or now,
        source=source,
        batch=batch,
    )
