// Sends the time zone of the browser, so that days begin at the right moment.

const field = document.getElementById("id_time_zone");
if (field) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
