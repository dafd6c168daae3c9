"""URLs of the reviewers' pages, below the administration."""

from django.urls import path

from detector.web import review

urlpatterns = [
    path("", review.review, name="review"),
    path("undo/", review.undo, name="review-undo"),
    path("skipped/", review.bring_back, name="review-bring-back"),
    path("agreement/", review.agreement, name="review-agreement"),
    path("<uuid:case_id>/verdict/", review.judge, name="review-verdict"),
    path("<uuid:case_id>/skip/", review.skip, name="review-skip"),
    path("<uuid:case_id>/image/", review.image, name="review-image"),
]
