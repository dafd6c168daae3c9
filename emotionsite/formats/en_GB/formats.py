"""British dates with the clock of 24 hours, as timetables write them."""

DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
