"""Which arithmetic this processor is fast at."""

from pathlib import Path
from typing import Final

BFLOAT16: Final = "mixed_bfloat16"
BFLOAT16_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert"})
"""As Linux names the instructions; any of them will do."""
CPU_INFO: Final = Path("/proc/cpuinfo")


def usable(wanted: str, cpu_info: Path = CPU_INFO) -> str:
    """Return Keras' dtype policy `wanted`, or float32 where bfloat16 would only be emulated.

    That takes ten times as long: 11 against 113 images a second for the configuration `long` on
    two cores of an AMD EPYC of the third generation.
    """
    if wanted != BFLOAT16 or _on_gpu() or BFLOAT16_FLAGS & _flags(cpu_info):
        return wanted
    return "float32"


def _on_gpu() -> bool:
    import keras  # takes seconds

    if keras.backend.backend() != "jax":
        return False
    import jax

    return bool(jax.default_backend() == "gpu")


def _flags(cpu_info: Path) -> set[str]:
    if not cpu_info.is_file():
        return set()
    lines = cpu_info.read_text().splitlines()
    return {
        flag for line in lines if line.startswith("flags") for flag in line.split(":")[1].split()
    }
