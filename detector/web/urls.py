"""URLs of the pages."""

from django.urls import path

from detector.web import account, explanations, history, insights, photos, trash, uploads, webhooks

urlpatterns = [
    path("", account.landing, name="landing"),
    path("consent/", account.consent, name="consent"),
    path("settings/", account.settings, name="settings"),
    path("settings/retention/", account.set_retention, name="retention"),
    path("settings/reviews/", account.set_review_consent, name="review-consent"),
    path("settings/erase/", account.erase_account, name="account-erase"),
    path("settings/tokens/", account.create_token, name="token-create"),
    path("settings/tokens/<uuid:token_id>/revoke/", account.revoke_token, name="token-revoke"),
    path("settings/webhooks/", webhooks.webhooks, name="webhooks"),
    path("settings/webhooks/<uuid:webhook_id>/", webhooks.webhook, name="webhook"),
    path("settings/webhooks/<uuid:webhook_id>/switch/", webhooks.switch, name="webhook-switch"),
    path("settings/webhooks/<uuid:webhook_id>/delete/", webhooks.delete, name="webhook-delete"),
    path(
        "settings/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/again/",
        webhooks.send_again,
        name="webhook-send-again",
    ),
    path("upload/", uploads.upload, name="upload"),
    path("analyses/<uuid:analysis_id>/card/", uploads.analysis_card, name="analysis-card"),
    path("photos/<uuid:photo_id>/", photos.photo, name="photo"),
    path("photos/<uuid:photo_id>/result/", photos.result, name="photo-result"),
    path("photos/<uuid:photo_id>/image/", photos.image, name="photo-image"),
    path("photos/<uuid:photo_id>/thumbnail/", photos.thumbnail, name="photo-thumbnail"),
    path("photos/<uuid:photo_id>/delete/", photos.delete, name="photo-delete"),
    path("photos/<uuid:photo_id>/retry/", photos.retry, name="photo-retry"),
    path("photos/<uuid:photo_id>/analyse-again/", photos.analyse_again, name="photo-analyse-again"),
    path("photos/<uuid:photo_id>/notes/", photos.annotate, name="photo-notes"),
    path(
        "photos/<uuid:photo_id>/faces/<int:index>/correction/",
        photos.correct,
        name="face-correction",
    ),
    path(
        "photos/<uuid:photo_id>/faces/<int:index>/explanation/",
        explanations.explanation,
        name="face-explanation",
    ),
    path(
        "photos/<uuid:photo_id>/faces/<int:index>/explanation/image/",
        explanations.image,
        name="face-explanation-image",
    ),
    path("bin/", trash.bin_page, name="bin"),
    path("bin/restore/", trash.restore, name="bin-restore"),
    path("bin/empty/", trash.empty, name="bin-empty"),
    path("bin/<uuid:photo_id>/thumbnail/", trash.thumbnail, name="bin-thumbnail"),
    path("history/", history.history, name="history"),
    path("history/several/", history.several, name="history-several"),
    path("history/<uuid:photo_id>/item/", history.item, name="history-item"),
    path("insights/", insights.insights, name="insights"),
    path("insights/<slug:name>/numbers/", insights.numbers, name="insights-numbers"),
]
