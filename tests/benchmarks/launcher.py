"""Commands of Lutra for the scripts of this folder, whose folders of results they go on in when they are called again."""
import json
import os
import pathlib
import subprocess

LUTRA = os.environ.get("LUTRA", str(pathlib.Path(__file__).resolve().parents[2] / "lutra"))


def lutra(folder, *words, codes=(0,)):
    """What a command answers as JSON; of other exit codes than these the script ends."""
    done = subprocess.run([LUTRA, *map(str, words), "--json"], cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode not in codes:
        raise SystemExit(f"lutra {' '.join(map(str, words))}: exit code {done.returncode}")
    return json.loads(done.stdout)


def write(file, text):
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def once(file, compute):
    """What was found out before, or is now."""
    if not file.exists():
        part = file.with_suffix(".part")
        part.write_text(json.dumps(compute(), indent=1))
        part.rename(file)
    return json.loads(file.read_text())
