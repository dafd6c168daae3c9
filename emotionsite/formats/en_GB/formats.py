"""British dates with the 24-hour clock, as timetables write them."""

DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
