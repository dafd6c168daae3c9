"""The images hold what they need: a small builder follows the Dockerfile, without its packages."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

from ml import manifest

ROOT = Path(__file__).parents[2]


def pattern_of(line: str) -> re.Pattern[str]:
    """Return the pattern of a line of .dockerignore, with everything below it."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    regex = re.sub(
        r"\*\*/|\*\*|\*|\?|[^*?]+", lambda found: parts.get(found[0], re.escape(found[0])), line
    )
    return re.compile(f"{regex}(?:/.*)?")


def context() -> Iterator[Path]:
    """Yield the files that `docker build` gets, relative to the root."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert not any(line.startswith(("!", "#", "/")) for line in lines), "not understood here"
    ignored = [pattern_of(line) for line in lines]
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        left_out = [name for name in folders if any(p.fullmatch(str(here / name)) for p in ignored)]
        folders[:] = [name for name in folders if name not in left_out]
        for name in files:
            if not any(pattern.fullmatch(str(here / name)) for pattern in ignored):
                yield here / name


def instructions() -> Iterator[tuple[str, list[str]]]:
    """Yield the instructions of the Dockerfile, each as words."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    for line in text.splitlines():
        if line and not line.startswith("#"):
            verb, _, rest = line.partition(" ")
            yield verb, shlex.split(rest) if verb != "RUN" else [rest]


class Builder:
    """Makes a folder of each stage: FROM, WORKDIR, COPY, and RUN where that changes files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.context = list(context())
        self.stages: dict[str, Path] = {}
        for verb, words in instructions():
            getattr(self, f"_{verb.lower()}", lambda words: None)(words)

    def _from(self, words: list[str]) -> None:
        base, name = words[0], words[-1]
        self.root, self.place = self.folder / f"stage-{len(self.stages)}", Path("/")
        if base in self.stages:
            # What a stage begins with, it has.
            shutil.copytree(self.stages[base], self.root)
            self.place = Path("/app")
        self.stages[name if len(words) > 1 else "default"] = self.root

    def _workdir(self, words: list[str]) -> None:
        self.place = Path(words[0])
        self._inside(self.place).mkdir(parents=True)

    def _run(self, words: list[str]) -> None:
        if words[0].startswith("find . "):
            command = shlex.split(words[0])
            subprocess.run(command, cwd=self._inside(self.place), check=True)
        if words[0].startswith("python -m ml."):
            module = [sys.executable, *shlex.split(words[0])[1:]]
            subprocess.run(module, cwd=self._inside(self.place), check=True)

    def _copy(self, words: list[str]) -> None:
        *sources, target = [word for word in words if not word.startswith("--")]
        said = dict(word.split("=", 1) for word in words if word.startswith("--"))
        stage = said.get("--from", "")
        if stage == "vendor":  # npm made it
            return
        place = self._inside(self.place / target)
        for source in sources:
            if stage:
                shutil.copytree(self.stages[stage] / source.strip("/"), place)
            else:
                self._copy_of_context(source, place, is_folder=target.endswith("/"))

    def _copy_of_context(self, source: str, place: Path, *, is_folder: bool) -> None:
        whole = pattern_of(source)
        found = [path for path in self.context if whole.fullmatch(str(path))]
        assert found, f"COPY {source} finds nothing"
        for path in found:
            below = path.relative_to(source) if (ROOT / source).is_dir() else Path(path.name)
            assert (ROOT / source).is_dir() or is_folder, f"COPY {source} to a folder without /"
            (place / below).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, place / below)

    def _inside(self, path: Path) -> Path:
        return self.root / path.relative_to("/")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return target → its folder /app."""
    stages = Builder(tmp_path_factory.mktemp("images")).stages
    return {name: root / "app" for name, root in stages.items() if (root / "app").is_dir()}


def names(image: Path) -> set[str]:
    return {str(path.relative_to(image)) for path in image.rglob("*") if path.is_file()}


def run(image: Path, *words: str) -> str:
    """Return what Python prints in the image's folder, where it imports nothing else of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=image,
        env={**kept, "VAR_DIR": str(image.parent / "data"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_serving_holds_what_serves_and_nothing_that_trains(images: dict[str, Path]) -> None:
    found = names(images["serving"])
    weights = manifest.read(manifest.DEFAULT_VERSION)
    assert f"ml/weights/{weights.version}/{weights.serving_file}" in found
    for version in manifest.available_versions():
        assert f"ml/weights/{version}/manifest.json" in found
    assert {
        "manage.py",
        "LICENSE",
        "templates/base.html",
        "ml/weights/face_check/face_check.onnx",
        "ml/weights/centerface_int8/constants.json",
        "ml/weights/centerface_int8/ranges.json",
    } < found
    for part in ("ml/training/", "ml/benchmarks/", "ml/weights/teachers/", "docs/", "var/"):
        assert not [name for name in found if name.startswith(part)]
    for ending in (".keras", ".png", "model.onnx", ".csv", ".ipynb"):
        assert not [name for name in found if name.startswith("ml/") and name.endswith(ending)]
    assert not [name for name in found if "/tests/" in name]
    assert names(images["default"]) == found


@pytest.mark.weights
def test_serving_works(images: dict[str, Path]) -> None:
    code = "from ml import inference; inference.warm_up(); print(inference.__file__)"
    assert run(images["serving"], "-c", code).strip() == str(
        images["serving"] / "ml" / "inference.py"
    )
    run(images["serving"], "manage.py", "check")


def test_training_can_fine_tune(images: dict[str, Path]) -> None:
    """It has the network as Keras keeps it, and every module that a fine-tune may import."""
    image = images["training"]
    assert names(images["serving"]) < names(image)
    code = (
        "from ml import manifest; weights = manifest.read(manifest.DEFAULT_VERSION);"
        "manifest.verify_files(weights); print(weights.provenance('model.keras'))"
    )
    assert run(image, "-c", code).startswith(str(image))
    graph = grimp.build_graph("ml", cache_dir=None)
    needed = {"ml.training.finetune", *graph.find_upstream_modules("ml.training.finetune")}
    files = {path for name in needed for path in _files_of(name)}
    assert len(files) > 20
    assert files <= names(image)


def _files_of(module: str) -> Iterator[str]:
    """Yield the file of a module, and those of the packages around it."""
    path = Path(*module.split("."))
    folders = [parent / "__init__.py" for parent in path.parents[:-1]]
    own = path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")
    yield from (str(file) for file in (own, *folders) if (ROOT / file).exists())


def test_compose_gives_each_service_its_image() -> None:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    built = {name: each for name, each in services.items() if "build" in each}
    targets = {name: (each["build"]["target"], each["image"]) for name, each in built.items()}
    serving, training = ("serving", "emotionsite"), ("training", "emotionsite-training")
    assert targets == {
        "migrate": serving, "web": serving, "worker": serving, "background": training,
    }  # fmt: skip
    # Web looks whether the base data are there before it asks for a fine-tune.
    for name in ("web", "background"):
        assert "TRAINING_DATA" in services[name]["environment"]
