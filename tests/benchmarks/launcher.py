"""Commands of Lutra for the scripts of this folder, whose folders of results they go on in when they are called again."""
import argparse
import ctypes
import json
import os
import pathlib
import signal
import subprocess

END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
LUTRA = os.environ.get("LUTRA", str(pathlib.Path(__file__).resolve().parents[2] / "lutra"))


def lutra(folder, *words, codes=(0,)):
    """What a command answers as JSON; of other exit codes than these the script ends."""
    done = subprocess.run([LUTRA, *map(str, words), "--json"], cwd=folder, stdout=subprocess.PIPE, text=True,
                          preexec_fn=lambda: ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGTERM))
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


def sized(**sizes):
    """A parser of what every long script takes: images, a folder for its results, and sizes with what they usually are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("train", help="as data.train")
    parser.add_argument("test", help="as data.test")
    parser.add_argument("folder", type=pathlib.Path)
    for name, usual in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=usual)
    return parser


def begun(parser, growing):
    """
    The options and the folder, which is made. It refuses to go on in one whose results are of other options; those that only say how
    many results there are to be may grow.
    """
    options = parser.parse_args()
    for name in ("train", "test"):
        source = getattr(options, name)
        if os.path.exists(source):
            setattr(options, name, os.path.abspath(source))
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    values = {name: value for name, value in vars(options).items() if name not in (*growing, "folder")}
    known = once(folder / "options.json", lambda: values)
    other = [name for name in values if name not in known or known[name] != values[name]]
    if other:
        raise SystemExit(f"{folder}: is of --{other[0]} {known.get(other[0])} (expected: as {values[other[0]]}, or another folder)")
    return options, folder


class Report:
    """A page that is on the disk as far as it goes."""

    def __init__(self, file):
        self.file, self.lines = file, []

    def add(self, *lines):
        for line in lines:
            print(line, flush=True)
            self.lines.append(line)
        self.file.write_text("\n".join(self.lines) + "\n")
