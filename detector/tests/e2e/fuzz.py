"""Generated calls against a running server: `python -m detector.tests.e2e.fuzz [EXAMPLES]`.

schemathesis makes them from the project's own schema and checks every answer against it: no 5xx,
no status, header or body that the schema does not tell.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from detector.tests.e2e.platform import Platform

NO_LIMITS = {f"API_THROTTLE_{name}": "1000000/min" for name in ("ANON", "USER", "TOKEN", "UPLOADS")}
CONFIG = Path(__file__).with_name("schemathesis.toml")


def fuzz(platform: Platform, token: str, examples: int, *more: str) -> str:
    """One run, anonymous without a token; the report. Raises AssertionError on a finding."""
    login = ["--header", f"Authorization: Bearer {token}"] if token else []
    program = str(Path(sys.executable).with_name("schemathesis"))
    options = [
        "--checks", "all", "--max-examples", str(examples), "--no-color",
        "--generation-deterministic", *login, *more,
    ]  # fmt: skip
    done = subprocess.run(
        [program, "--config-file", str(CONFIG), "run", f"{platform.url}/api/schema/", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
    )
    report = done.stdout + done.stderr
    assert done.returncode == 0, report[-8000:]
    return report


def main() -> None:
    """At full length, anonymous and as a user."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Path(folder), **NO_LIMITS)
        platform.start()
        try:
            for token in ("", platform.token("fuzzer")):
                sys.stdout.write(fuzz(platform, token, examples)[-1500:])
        finally:
            platform.stop()


if __name__ == "__main__":
    main()
