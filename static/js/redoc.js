// Redoc ends its menu with a picture from its makers' host; nothing of ours asks other hosts.

const { setAttribute } = HTMLImageElement.prototype;

HTMLImageElement.prototype.setAttribute = function (name, value) {
  const foreign = name === "src" && new URL(value, location.href).origin !== location.origin;
  if (!foreign) setAttribute.call(this, name, value);
};
