"""bfloat16 only where the processor has it."""

from pathlib import Path

import pytest

from ml.training import precision
from ml.training.precision import usable


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx2 avx512f avx512_bf16", "mixed_bfloat16"),
        ("fpu avx2 amx_bf16", "mixed_bfloat16"),
        ("fpu avx2 fma", "float32"),
    ],
)
def test_falls_back_where_it_would_be_emulated(
    tmp_path: Path, flags: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_on_gpu", lambda: False)
    info = tmp_path / "cpuinfo"
    info.write_text(f"processor\t: 0\nmodel name\t: any\nflags\t\t: {flags}\n")
    assert usable("mixed_bfloat16", info) == expected
    assert usable("float32", info) == "float32"


def test_falls_back_where_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_on_gpu", lambda: False)
    assert usable("mixed_bfloat16", tmp_path / "missing") == "float32"
