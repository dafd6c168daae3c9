// Tells the server in which time zone the person lives, so that days begin at the right moment.

const field = document.getElementById("id_time_zone");
if (field) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
