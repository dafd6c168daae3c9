"""Bring about what may happen to a camera: refused, unplugged, broken off, or one of two."""

from typing import Final

from playwright.sync_api import Locator, Page

BROKEN_OFF: Final = """(video) => {
  video.play = async () => {
    delete video.play;
    throw new DOMException("", "AbortError");
  };
}"""
"""Let the next attempt to play fail, as after a pause that comes before the first picture."""
NO_PICTURE_YET: Final = "(video) => { video.play = () => new Promise(() => {}); }"
NO_PICTURE_AT_ALL: Final = """() => {
  HTMLCanvasElement.prototype.toBlob = (done) => done(null);
}"""
TWO_CAMERAS: Final = """() => {
  const media = navigator.mediaDevices;
  const start = media.getUserMedia.bind(media);
  media.getUserMedia = (asked) => { window.asked = asked; return start({ video: true }); };
  const kind = "videoinput";
  media.enumerateDevices = async () => {
    const present = document.querySelector("video").srcObject.getVideoTracks()[0];
    return [{ kind, deviceId: present.getSettings().deviceId }, { kind, deviceId: "other" }];
  };
}"""
"""Let there be a second camera, `other`; `window.asked` is what the page asked for last."""
_UNPLUGGED: Final = """(video, press) => {
  if (press) document.querySelector(press).click();
  const [track] = video.srcObject.getVideoTracks();
  track.stop();
  track.dispatchEvent(new Event("ended"));
  delete video.play;
}"""
_REFUSED: Final = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", name));
}"""
_GIVEN: Final = "() => { delete navigator.mediaDevices.getUserMedia; }"


def unplug(video: Locator, press: str = "") -> None:
    """Let the camera of a video stop by itself, just after a button was pressed.

    Waits until the camera runs. `press` is the selector of the button, if there is one.
    """
    video.page.wait_for_function("() => document.querySelector('video').srcObject?.active")
    video.evaluate(_UNPLUGGED, press)


def refuse(page: Page, name: str = "NotAllowedError") -> None:
    """Let every camera fail with an error of this name."""
    page.evaluate(_REFUSED, name)


def give(page: Page) -> None:
    """End what `refuse` began."""
    page.evaluate(_GIVEN)
