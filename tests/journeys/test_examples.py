"""The example program and what the README shows really run."""

import re
import subprocess
import sys

from tests.journeys.conftest import ROOT, environment


def test_the_program_that_embeds_the_hub_runs_and_says_what_it_did(data):
    program = [sys.executable, str(ROOT / "examples" / "embed.py")]
    done = subprocess.run(program, capture_output=True, text=True, env=environment(data), timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "spotify: 300 created, 0 refused" in done.stdout
    assert "again: 0 created, 300 unchanged" in done.stdout
    assert "60 × transaction" in done.stdout


def test_the_readmes_program_runs(data, tmp_path):
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert code
    (tmp_path / "my_spotify_data.zip").write_bytes((ROOT / "examples/archives/my_spotify_data.zip").read_bytes())
    command = [sys.executable, "-c", code[1]]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environment(data), timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "300 plays" in done.stdout
