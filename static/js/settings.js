// Offers the time zone of the device if it differs from the chosen one.

const select = document.getElementById("id_time_zone");
const button = document.getElementById("detect-zone");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const known = [...select.options].some((option) => option.value === zone);

button.hidden = !known || select.value === zone;
button.addEventListener("click", () => {
  select.value = zone;
  button.hidden = true;
  select.focus();
});
