"""List what is pressed in the settings, on the pages of an account and by reviewers."""

from typing import Final

from playwright.sync_api import Page, expect

from detector.tests.e2e.browsing import PASSWORD, app_code
from detector.tests.e2e.presses import (
    CONFIRM,
    NOTICE,
    P,
    Press,
    Step,
    choose,
    click,
    fill,
    has_value,
    is_at,
    is_gone,
    is_seen,
    shows,
)

NEW_PASSWORD: Final = f"{PASSWORD} staple"
COPIED: Final = shows("#announcer", "Copied.")
RETENTION: Final = "form[action='/settings/retention/']"


def enter_app_code(page: Page) -> None:
    secret = page.locator("#totp-key").inner_text()
    page.locator("input[name=code]").fill(app_code(secret))


SETTINGS_PAGE: Final = (
    Press(
        "detector/settings.html: Use this device’s time zone", "/settings/",
        (click("#detect-zone"),), (has_value("#id_time_zone", "Asia/Tokyo"),), stays=True,
    ),
    Press(
        "detector/settings.html: Save", "",
        (click("label:has-text('Dark')"), click("section:first-of-type .form button")),
        (
            shows(NOTICE, "Your settings were saved"), is_seen("html[data-theme=dark]"),
            has_value("#id_time_zone", "Asia/Tokyo"),
        ),
    ),
    Press(
        "detector/settings.html: Save how long they are kept", "",
        (choose("[name=days] >> nth=0", "365"), click(f"{RETENTION} button")),
        (shows(NOTICE, "Your settings were saved"), has_value(f"{RETENTION} select", "365")),
    ),
    Press(
        "detector/settings.html: Take it back", "", (click("#reviews button"),),
        (shows(NOTICE, "No reviewer sees"), shows("#reviews", "Off")),
    ),
    Press(
        "detector/settings.html: I agree to reviews", "", (click("#reviews button"),),
        (shows(NOTICE, "Thank you"), shows("#reviews", "You agreed")),
    ),
    Press(
        "detector/settings.html: Create token", "",
        (fill("#id_name", "kiosk"), click(".new-token button")),
        # The address of the form does not stay in the address bar.
        (shows(".secret", "shown only this once"), is_at("/settings/"), shows("table", "kiosk")),
    ),
    Press(
        f"{P}/token_secret.html: Copy", "", (click(".secret button"),), (COPIED,),
        stays=True,
    ),
    Press(
        f"{P}/tokens.html: Revoke", "", (click("[aria-label='Revoke kiosk']"),),
        (shows(NOTICE, "was revoked"), is_gone("[aria-label='Revoke kiosk']")),
    ),
    Press(
        "detector/webhooks.html: Add webhook", "/settings/webhooks/",
        (fill("#id_url", "https://93.184.215.14/hook"), click(".form button")),
        (shows(".secret", "new webhook"), shows("table", "93.184.215.14")),
    ),
    Press(
        "detector/webhook.html: Send again", "/settings/webhooks/{webhook}/",
        (click("button:has-text('Send again')"),), (shows(NOTICE, "It is sent again"),),
    ),
    Press(
        "detector/webhook.html: Disable", "", (click("[name=disabled]"),),
        (shows(NOTICE, "was disabled"), shows("section", "Disabled")),
    ),
    Press(
        "detector/webhook.html: Enable", "", (click("[name=disabled]"),),
        (shows(NOTICE, "was enabled"), shows("section", "Active")),
    ),
    Press(
        "detector/webhook.html: Delete it", "",
        (click("[href='#delete-webhook']"), click("#delete-webhook button")),
        (shows(NOTICE, "was deleted"),),
    ),
)  # fmt: skip

ACCOUNT_PAGES: Final = (
    Press(
        "account/email.html: Add address", "/accounts/email/",
        (fill("input[type=email]", "second@example.com"), click("[name=action_add]")),
        (shows("main .form", "second@example.com"),),
    ),
    Press(
        "account/email.html: Send confirmation", "/accounts/email/",
        (click(".choice label"), click("[name=action_send]")),
        (shows(NOTICE, "presser@example.com"),),
    ),
    Press(
        "account/email.html: Make primary", "/accounts/email/",
        (click("label:has-text('second@')"), click("[name=action_primary]")),
        (is_seen(NOTICE),),
    ),
    Press(
        "account/email.html: Remove", "/accounts/email/",
        (click("label:has-text('second@')"), click("[name=action_remove]")),
        (is_seen(NOTICE),),
    ),
    Press(
        "account/base_reauthenticate.html: Confirm", "/accounts/reauthenticate/?next=/settings/",
        CONFIRM, (is_at("/settings/"),),
    ),
    Press(
        "mfa/totp/activate_form.html: Copy", "/accounts/2fa/totp/activate/",
        (click("[data-copies=totp-key]"),), (COPIED,), stays=True,
    ),
    Press(
        "mfa/totp/activate_form.html: Turn on", "",
        (enter_app_code, click("main .form button")), (is_seen("#recovery-codes"),),
    ),
    Press(
        "mfa/recovery_codes/index.html: Copy", "", (click("[data-copies]"),), (COPIED,),
        stays=True,
    ),
    Press(
        "mfa/recovery_codes/generate.html: Make new codes",
        "/accounts/2fa/recovery-codes/generate/",
        (click("main .form button"),), (is_seen("#recovery-codes"),),
    ),
    Press(
        "mfa/totp/deactivate_form.html: Turn off", "/accounts/2fa/totp/deactivate/",
        (click("main .form button"),), (shows("main", "Off"),),
    ),
    Press(
        "account/password_change.html: Change password", "/accounts/password/change/",
        (
            fill("[name=oldpassword]", PASSWORD), fill("[name=password1]", NEW_PASSWORD),
            fill("[name=password2]", NEW_PASSWORD), click("main .form button"),
        ), (shows(NOTICE, "password was changed"),),
    ),
    Press(
        "partials/nav.html: Log out", "/history/",
        (click("[aria-label=Account]"), click(".menu-panel button")), (is_at("/"),),
    ),
    Press(
        "account/password_reset.html: Send the link", "/accounts/password/reset/",
        (fill("[name=email]", "nobody@example.com"), click("main .form button")),
        (is_at("/accounts/password/reset/done/"),),
    ),
    Press(
        # Everything that is wrong is said at once.
        "account/signup.html: Sign up", "/accounts/signup/",
        (fill("[name=password1]", "123"), fill("[name=password2]", "1234"), click(".form button")),
        (
            shows(".field:has([name=email])", "required"),
            shows(".field:has([name=password1])", "too short"),
            shows(".field:has([name=password2])", "same password"),
            shows(".field:has([name=consent])", "consent"),
        ),
    ),
)  # fmt: skip


def shown_case(page: Page) -> str:
    return str(page.locator(".review-case:not([data-waits])").get_attribute("data-case"))


def judge(selector: str) -> Step:
    def press(page: Page) -> None:
        case = shown_case(page)
        page.locator(f".review-case:not([data-waits]) {selector}").click()
        expect(page.locator(f'.review-case[data-case="{case}"]')).to_have_count(0)

    return press


REVIEW_PAGE: Final = (
    Press(
        f"{P}/review_case.html: … … …", "/admin/review/", (judge("[value=happy]"),),
        (shows("#review-today", "1"),), stays=True,
    ),
    Press(
        "detector/review.html: Undo the last Z", "", (click("form[data-undo] button"),),
        (shows("#review-today", "0"),), stays=True,
    ),
    Press(
        f"{P}/review_case.html: → Skip S", "", (judge(".is-skip"),), (), stays=True
    ),
    Press(
        "detector/review.html: Bring back what I skipped (…)", "/admin/review/",
        (click("button:has-text('Bring back')"),), (is_gone("button:has-text('Bring back')"),),
    ),
    Press(
        f"{P}/review_filters.html: Apply", "/admin/review/",
        (
            click(".review-filters summary"), choose("#id_emotion", "fear"),
            click(".review-filters button"),
        ), (shows("main", "Nothing more matches"),),
    ),
)  # fmt: skip

VIDEO: Final = "e2e/test_video_page.py::test_a_video_from_upload_to_timeline"
ELSEWHERE: Final = {
    # not pressed by a person: the components that others are made of
    "allauth/elements/button.html: ": "",
    "partials/button.html: …": "",
    # on the way of other browser tests
    "account/login.html: Log in": "e2e/browsing.py::log_in",
    "account/logout.html: Log out": "e2e/browsing.py::log_out",
    "mfa/authenticate.html: Log in": "web/test_account.py::test_two_steps",
    f"{P}/camera.html: Use this photo":
        "e2e/test_upload_page.py::test_camera_and_delete_with_undo",
    # the live camera
    **dict.fromkeys(
        (
            "detector/live/live.html: Start the camera",
            "detector/live/live.html: Pause",
            "detector/live/live.html: Mirror",
            "detector/live/live.html: Take a still",
            "detector/live/live.html: Stop",
            "detector/live/keep.html: Keep it",
            "detector/live/keep.html: Discard",
        ),
        "e2e/test_live.py::test_a_session_is_read_kept_and_agrees_with_the_server",
    ),
    # the way there is a mail, a second camera, another text, or no script
    "account/email_confirm.html: Confirm": "web/test_account.py::test_an_address_is_confirmed",
    "account/password_reset_from_key.html: Save the password":
        "web/test_sign_up.py::test_password_reset_by_mail",
    f"{P}/camera.html: Other camera": "",
    "mfa/authenticate.html: Log in as someone else": "",
    "detector/upload.html: Upload": "web/test_upload.py::test_upload_without_scripts",
    "detector/consent.html: I agree":
        "web/test_account.py::test_a_new_text_asks_again_and_leads_back",
    "detector/consent.html: Log out":
        "web/test_account.py::test_who_has_not_agreed_can_leave_and_programs_go_on",
    "detector/erase_account.html: Delete everything":
        "web/test_account.py::test_an_account_ends_with_everything",
    "detector/receipt.html: Check this receipt":
        "web/test_receipts.py::test_a_receipt_is_checked_on_its_page",
    "usersessions/usersession_list.html: Log out everywhere else":
        "web/test_account.py::test_sessions_are_listed_and_ended",
    # videos: their page is looked at with a real one
    "detector/videos.html: Upload": "web/test_videos.py::test_a_video_is_sent_by_the_form",
    "detector/videos.html: Go on with the upload": VIDEO,
    "detector/videos.html: Discard": VIDEO,
    "detector/video.html: Delete": VIDEO,
    "detector/video.html: Delete the video, keep the timeline": VIDEO,
    "detector/video.html: Try again": "web/test_videos.py::test_a_failed_video_can_be_tried_again",
    f"{P}/video_correction.html: Save the correction": VIDEO,
    f"{P}/video_correction.html: From here": VIDEO,
    f"{P}/video_correction.html: To here": VIDEO,
    f"{P}/video_lane.html: Show in the chart …": VIDEO,
    # the administration: every press there loads a page anew
    "admin/search_form.html: Search": "admin/test_admin.py::test_lists",
    "admin/detector/user/change_form.html: Export everything":
        "admin/test_access.py::test_what_staff_see_and_do_is_written_down",
    "admin/detector/finetune/progress.html: Cancel":
        "admin/test_learning.py::test_a_fine_tune_is_begun_watched_and_cancelled",
    "admin/detector/modelversion/choices.html: Roll back to …":
        "admin/test_learning.py::test_a_candidate_is_compared_promoted_and_rolled_back",
    "admin/detector/modelversion/choices.html: Promote …":
        "admin/test_learning.py::test_a_candidate_is_compared_promoted_and_rolled_back",
    "admin/detector/modelversion/choices.html: End its shadow mode Let it judge in the shadow":
        "admin/test_learning.py::test_shadow_mode_is_switched_and_its_agreement_shown",
}  # fmt: skip
"""Where the rest is pressed, by `file::function`; nothing where there is nothing to see."""
