"""Figures of the demo's runs that tests/benchmarks/demo.sh left in a folder: a line a run, then over the calm and the busy ones."""

import json
import pathlib
import statistics
import sys


def figures(run):
    """What one run came to; latencies in ms, accuracies in per cent."""
    status, millis = map(int, (run / "status").read_text().split())
    found = {"run": run.name, "exit": status, "seconds": millis / 1000}
    if status > 1:
        return found
    winners = json.loads((run / "demo.json").read_text())["winners"]
    front = json.loads((run / "front.json").read_text())["candidates"]
    latencies = [candidate["latency_ms:local"] for candidate in front]
    accuracies = [100 * candidate["accuracy"] for candidate in front]
    checks = [winner["devices"]["local"] for winner in winners]
    found["verified"] = sum(winner["verified"] for winner in winners)
    found["best"] = max(accuracies)
    found["best_test"] = 100 * max(winner["test_accuracy"] for winner in winners if "test_accuracy" in winner)
    found["latency_span"] = max(latencies) / min(latencies)
    found["accuracy_span"] = max(accuracies) - min(accuracies)
    found["winners_ms"] = [round(winner["measured"], 4) for winner in winners]
    found["inside"] = [bool(winner["inside"]) for winner in winners if "inside" in winner]
    found["half_widths"] = [50 * (check["predicted_high_ms"] - check["predicted_low_ms"]) / check["predicted_ms"] for check in checks]
    found["random"] = 100 * statistics.median(map(float, (run / "paths.txt").read_text().split()))
    return found


def main():
    runs = [figures(status.parent) for status in sorted(pathlib.Path(sys.argv[1]).glob("*-*/status"))]
    print(f"{'run':8} {'exit':>4} {'s':>6} {'files':>5} {'best':>6} {'tested':>6} {'random':>6} {'acc.span':>8} {'lat.span':>8} "
          f"{'inside':>6} {'half width':>10}  winners, ms")
    for run in runs:
        if "best" not in run:
            print(f"{run['run']:8} {run['exit']:4} {run['seconds']:6.0f}")
            continue
        print(f"{run['run']:8} {run['exit']:4} {run['seconds']:6.0f} {run['verified']:5} {run['best']:6.1f} {run['best_test']:6.1f} "
              f"{run['random']:6.1f} {run['accuracy_span']:8.1f} {run['latency_span']:8.2f} "
              f"{sum(run['inside'])}/{len(run['inside']):<4} {statistics.median(run['half_widths']):9.1f}%  {run['winners_ms']}")
    for kind in ("calm", "busy", ""):
        done = [run for run in runs if run["run"].startswith(kind) and "best" in run]
        inside = [each for run in done for each in run["inside"]]
        if inside:
            widths = [width for run in done for width in run["half_widths"]]
            print(f"{kind or 'all'}: {len(done)} runs, {max(run['seconds'] for run in done):.0f} s at most, "
                  f"{sum(inside)} of {len(inside)} winners inside their interval ({100 * sum(inside) / len(inside):.0f} %), "
                  f"median half width {statistics.median(widths):.1f} %, best accuracy {min(run['best'] for run in done):.1f} % or more, "
                  f"random paths at least {min(run['best'] - run['random'] for run in done):.1f} points below")


if __name__ == "__main__":
    main()
