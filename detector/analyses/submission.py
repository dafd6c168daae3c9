"""Accept uploads: check and store photos, and queue their analyses."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from detector.analyses import forgetting, queueing
from detector.common import clock, storage
from detector.enums import Priority, Source, Status
from detector.exceptions import DetectorError
from detector.models import Analysis, Photo, User
from detector.models.ids import new_id
from detector.photos import annotations, archives, images, quotas, trash
from detector.photos.remarks import NO_REMARK, Remark


@dataclass(frozen=True)
class Rejection:
    """A file that was rejected, and why."""

    filename: str
    error: DetectorError


@dataclass
class Submission:
    """The result of one upload; `accepted` holds one analysis for each accepted file.

    An analysis is in `new` and in `duplicates` where its file came twice at once.
    """

    accepted: list[Analysis] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    duplicates: set[UUID] = field(default_factory=set)
    new: list[UUID] = field(default_factory=list)

    def add(self, analysis: Analysis, is_new: bool) -> None:
        """Add an accepted file."""
        self.accepted.append(analysis)
        if is_new:
            self.new.append(analysis.pk)
        else:
            self.duplicates.add(analysis.pk)

    def extend(self, other: "Submission") -> None:
        """Add the result of several files."""
        self.accepted += other.accepted
        self.rejected += other.rejected
        self.duplicates |= other.duplicates
        self.new += other.new


@dataclass(frozen=True)
class _Upload:
    """One call: its owner, how the photos came, their batch, and whether to forget pictures."""

    owner: User
    source: Source
    batch: UUID
    forget: bool


def submit(
    owner: User,
    files: "Iterable[UploadedFile[Any]]",
    source: Source,
    batch: UUID | None = None,
    *,
    forget: bool | None = None,
) -> Submission:
    """Accept each photo, and each photo of an archive.

    A bad file never stops the others. All photos of one call, or of calls with the same `batch`,
    form one batch. With `forget` only the results are kept; by default the owner's preference says
    so.
    """
    submission = Submission()
    wish = owner.forget_pictures if forget is None else forget
    upload = _Upload(owner, source, batch or new_id(), wish)
    for file in files:
        name = images.short_name(file.name or "photo")
        try:
            if archives.is_archive(file):
                submission.extend(_submit_archive(upload, file))
            else:
                submission.add(*_submit_file(upload, file))
        except DetectorError as error:
            submission.rejected.append(Rejection(name, error))
    queueing.send_after_commit(submission.new)
    return submission


def _submit_archive(upload: _Upload, file: "UploadedFile[Any]") -> Submission:
    """Accept each photo of an archive. Raises DetectorError where it is unsafe or has none."""
    archive = archives.Archive(file)
    submission, upload = Submission(), replace(upload, source=Source.ARCHIVE)
    for member in archive.members:
        try:
            with archive.unpacked(member) as photo:
                remark = archive.remark_on(member)
                submission.add(*_submit_file(upload, photo, remark))
        except DetectorError as error:
            submission.rejected.append(Rejection(archive.name_of(member), error))
    # An archive of other files, such as an office document, is reported as one error.
    codes = {rejection.error.code for rejection in submission.rejected}
    if not submission.accepted and codes <= {"unsupported_format"}:
        raise archives.NO_PHOTO
    return submission


def _submit_file(
    upload: _Upload, file: "UploadedFile[Any]", remark: Remark = NO_REMARK
) -> tuple[Analysis, bool]:
    """Store a photo and queue its analysis. Return the analysis and whether it is new.

    A file that the owner already has is not stored twice. Its photo is restored from the trash if
    it was there, and a failed analysis is retried. The picture of a forgotten one is stored again
    where the owner wants it kept now, or where there is no result. Raises DetectorError where the
    file is not a readable photo; then nothing is stored.
    """
    checked = images.check_upload(file)
    known = _exported_from(upload, remark, checked) or _restored(upload, checked.sha256)
    if known is not None:
        return _known_again(known, checked, forget=upload.forget), False
    photo = _photo(upload, checked, remark)
    # Store the file before the row that names it, and outside the transaction.
    storage.save(photo.upload, checked.content)
    try:
        analysis = _create_rows(photo, remark)
    except IntegrityError as error:
        # A concurrent upload of the same file won, or the account was deleted.
        images.delete_files([str(photo.upload.name)])
        known = _restored(upload, checked.sha256)
        if known is None:
            raise DetectorError("account_gone", "This account is being deleted.") from error
        return known, False
    return analysis, True


def _known_again(known: Analysis, checked: images.CheckedUpload, *, forget: bool) -> Analysis:
    """Repair what is missing of a photo that the owner has. Return its current analysis."""
    photo = known.photo
    if photo.forgotten_at is None:
        lacks_copies = images.restore_upload(photo, checked)
    else:
        is_wanted = not forget or known.status != Status.DONE
        lacks_copies = is_wanted and images.keep_again(photo, checked, forget=forget)
    if lacks_copies:
        queueing.analyse_again(known.owner, [photo.pk])
        known.refresh_from_db()
    elif photo.forgotten_at is None:
        queueing.retry(known)
    return known


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
            # Nobody waits for one photo of an archive as for one that was sent alone.
            is_one_of_many = photo.source == Source.ARCHIVE
            analysis = queueing.queue(photo, Priority.BATCH if is_one_of_many else Priority.SINGLE)
            is_complete = True
    except BaseException:
        # An error during the commit leaves it unknown whether the row exists, so the file stays.
        if not is_complete:
            images.delete_files([str(photo.upload.name)])
        raise
    return analysis


def _existing(owner: User, sha256: str) -> Analysis | None:
    current = Analysis.objects.filter(photo__owner=owner, photo__sha256=sha256, superseded=False)
    return current.select_related("photo").first()


def _restored(upload: _Upload, sha256: str) -> Analysis | None:
    """Return the current analysis of a known file, after restoring its photo from the trash.

    Its picture does not come back where only the result is wanted.
    """
    known = _existing(upload.owner, sha256)
    if known is None or known.photo.deleted_at is None:
        return known
    trash.restore(upload.owner, [known.photo_id])
    if upload.forget:
        forgetting.keep_result_alone(known.photo_id)
    # Read again: it may have been erased, or restored by another request.
    return _existing(upload.owner, sha256)


def _exported_from(
    upload: _Upload, remark: Remark, checked: images.CheckedUpload
) -> Analysis | None:
    """Return the analysis of the photo that a picture of our export was made from.

    Its annotations are left alone: they may be newer than the export.
    """
    known = _existing(upload.owner, remark.sha256) if remark.sha256 else None
    if known is None:
        return None
    sides = (known.photo.width, known.photo.height)
    return _restored(upload, remark.sha256) if sides == (checked.width, checked.height) else None


def _photo(upload: _Upload, checked: images.CheckedUpload, remark: Remark) -> Photo:
    now = clock.now()
    return Photo(
        owner=upload.owner,
        filename=images.short_name(remark.filename or checked.filename),
        sha256=checked.sha256,
        stored_bytes=checked.content.size or 0,
        width=checked.width,
        height=checked.height,
        format=checked.format,
        uploaded_at=now,
        captured_at=remark.captured_at,
        taken_at=remark.captured_at or now,
        source=upload.source,
        batch=upload.batch,
        forget=upload.forget,
    )
