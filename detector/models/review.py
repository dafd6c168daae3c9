"""Reviews of faces by people, and the queue of faces to review."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from detector.enums import CaseStatus, ReviewKind, Verdict
from detector.models.constraints import allows_only
from detector.models.face import Face
from detector.models.ids import new_id
from detector.models.row import Row

COMMENT_LENGTH = 500


class Review(Row):
    """One person's verdict on one face.

    The verdict of a deleted account stays, without a name.
    """

    face = models.ForeignKey(Face, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="reviews"
    )
    kind = models.CharField(max_length=8, choices=ReviewKind)
    verdict = models.CharField(max_length=11, choices=Verdict)
    comment = models.TextField(blank=True, max_length=COMMENT_LENGTH)
    seconds = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0)],
        help_text="From the sight of the face to the verdict, where it was measured.",
    )
    created_at = models.DateTimeField()

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(fields=["face", "reviewer"], name="review_once_a_person"),
            models.UniqueConstraint(
                fields=["face"],
                condition=Q(kind=ReviewKind.OWNER),
                name="review_one_of_the_owner",
            ),
            allows_only("kind", ReviewKind, name="review_kind_known"),
            allows_only("verdict", Verdict, name="review_verdict_known"),
            models.CheckConstraint(
                condition=Q(seconds=None) | Q(seconds__gte=0), name="review_seconds_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "-id"], name="review_of_a_reviewer"),
        ]

    def __str__(self) -> str:
        return self.verdict


class ReviewCase(models.Model):
    """The state of the review of a face.

    There is one for every face whose owner agreed to reviews. `wanted` is the number of reviewers'
    verdicts that settle it. `usefulness` is its priority in the queue, the highest first. While
    `claimed_until` is in the future, only `claimed_by` sees the face.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    face = models.OneToOneField(Face, on_delete=models.CASCADE, related_name="review_case")
    status = models.CharField(max_length=7, choices=CaseStatus, default=CaseStatus.OPEN)
    wanted = models.PositiveSmallIntegerField(default=1)
    usefulness = models.FloatField(default=0.0)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="claimed_cases",
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    skipped_by = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="skipped_cases"
    )
    final_verdict = models.CharField(max_length=11, choices=Verdict, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-usefulness", "id"]
        permissions = [("review_faces", "Can review faces")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=CaseStatus.OPEN, final_verdict="", settled_at=None)
                | Q(
                    status=CaseStatus.SETTLED,
                    final_verdict__in=Verdict.values,
                    settled_at__isnull=False,
                    claimed_by=None,
                    claimed_until=None,
                ),
                name="review_case_settled_has_verdict",
            ),
            models.CheckConstraint(
                condition=Q(wanted__gte=1, wanted__lte=3), name="review_case_wants_up_to_three"
            ),
            models.CheckConstraint(
                condition=Q(claimed_by=None) | ~Q(claimed_until=None),
                name="review_case_claim_ends",
            ),
        ]
        indexes = [
            models.Index(
                F("usefulness").desc(),
                "id",
                condition=Q(status=CaseStatus.OPEN),
                name="review_case_queue",
            ),
        ]

    def __str__(self) -> str:
        return self.final_verdict or self.status

    @property
    def is_open(self) -> bool:
        """Whether a verdict is still wanted."""
        return self.status == CaseStatus.OPEN
