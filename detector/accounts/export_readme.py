"""The file README of an export, which says what the others hold."""

from detector.live import exports as live_exports


def text(columns: dict[str, str]) -> str:
    """Return the text of the file; `columns` are those of faces.csv, with their meaning."""
    lines = [
        "Everything that EmotionSite keeps for you, but for what lies in the bin.",
        "",
        "images/        the upright pictures, named by the id of their photo; those that say when",
        "               they were taken say it again (EXIF)",
        "analyses.json  the present analysis of each photo with its faces",
        "faces.csv      a row a face; a photo without a face has a row with empty columns",
        "account.json   your account without its secrets: settings, addresses, consents, logins,",
        "               tokens, webhooks, and what you said of faces, with comments",
        "videos/        each video as you uploaded it, unless you deleted it, and its timeline",
        "video_uploads.json",
        "               uploads of videos that are not complete, if any: name, bytes of the file",
        "               (length), bytes that are there (offset), when begun and when given up",
        "",
        "damaged_files.json",
        "               names of the files that are empty here or end early, if any: what was",
        "               stored is lost or damaged, or you deleted it meanwhile",
        "",
        "live_sessions.json, live_sessions.csv",
        "               the live sessions that you kept, if any: numbers, no pictures; the CSV has",
        "               a row for each second of each face, seconds and faces as in the JSON",
        "",
        "Columns of faces.csv (UTF-8, separated by commas). In text, a sign = + - @ with which a",
        "spreadsheet would begin a formula (at the start, or after , ; | a tab or the end of a",
        "line) has an apostrophe before it; analyses.json has the text as you wrote it.",
        "",
        *(f"{name:16} {meaning}" for name, meaning in columns.items()),
        "",
        "Columns of live_sessions.csv:",
        "",
        *(f"{name:18} {meaning}" for name, meaning in live_exports.COLUMNS.items()),
        "",
        "Upload this file, and photos that you do not have come back with their names, notes,",
        "tags, felt emotions and capture times. They are read anew; corrections do not come back.",
        "Videos do not come back that way: upload each on the page of videos.",
        "",
        "Expressions are estimates from a picture, not what a person feels.",
        "",
    ]
    return "\n".join(lines)
