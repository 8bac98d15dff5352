#!/usr/bin/python3
"""Which blocks are better in 8-bit integers on this machine: a wider shufflenetv2-cifar whose every block is float32 or int8 (bits: [32, 8]),
searched for accuracy against measured latency. Three searches on one supernet and one table: of all networks, of those that are float32
everywhere and of those that are int8 everywhere; then the winners and their siblings of one precision on this machine, predicted against
measured. Last, the most accurate mixed network and the most accurate one of float32 are trained by themselves and written; the files are held
against the networks on validation images, and the one of float32 is quantized after its training.

  tests/benchmarks/int8.py TRAIN TEST FOLDER [--width 2] [--repeat 4] [--epochs 16] [--retrain 12] [--budget 300] [--winners 3]
      [--methods min-max,percentile,entropy,mse] [--profile JSON] [--until train|search|measure]

TRAIN and TEST are sources of images as data.train has them. FOLDER gets the space, the experiments, their runs and int8.md, row by row.
However it ended, called again it goes on where it was; --until ends it after the supernet's training, the searches or the measurements, and more
--winners or --methods add to what is there. It measures from the profile on, which comes after the training: until the searches are done, and
while winners are measured, nothing else should run. --repeat is how many blocks a stage has. LUTRA in the environment is another launcher."""
import json

from launcher import Report, begun, lutra, once, sized, write

STAGES = (48, 96, 192)  # channels of shufflenetv2-cifar; the first block of each has stride 2
PARTS = ("train", "search", "measure", "own")


def space(folder, width, repeat):
    rows = [f"  - {{name: stem, block: conv, kernel: 3, channels: {16 * width}}}"]
    rows += [f"  - {{choices: [k3, k5, k7, xception], channels: {channels * width}, repeat: {repeat}, stride: 2}}" for channels in STAGES]
    rows += [f"  - {{name: last, block: conv, kernel: 1, channels: {384 * width}}}", "  - {block: global-pool}",
             "  - {name: classifier, block: linear, bias: false}"]
    write(folder / "wide.yaml", f"extends: shufflenetv2-cifar\nname: wide\ntitle: shufflenetv2-cifar, {width} times as wide, in float32 or int8\n"
          "bits: [32, 8]\nlayers:\n" + "\n".join(rows) + "\n")


def experiment(folder, name, options, **sections):
    everything = {"name": name, "space": "wide.yaml", "data": {"train": options.train, "test": options.test},
                  "targets": [{"device": "local", "table": "local.json"}], "objectives": ["accuracy", "latency"], "profile": options.profile,
                  "evaluation": {"recalibration-images": options.recalibrate, "validation-images": options.validate}, **sections}
    write(folder / f"{name}.yaml", json.dumps(everything, indent=1) + "\n")  # JSON is YAML
    return f"{name}.yaml"


def in_bits(architecture, integer):
    return ",".join(entry.split("@")[0] + ("@8" if integer else "") for entry in architecture.split(","))


def share(architecture):
    entries = architecture.split(",")
    return sum("@8" in entry for entry in entries) / len(entries)


def kind(architecture):
    return {0: "float32", 1: "int8"}.get(share(architecture), "mixed")


def front(points):
    """Of (accuracy, latency, architecture) those that no other beats."""
    return [point for point in points if not any(other[0] >= point[0] and other[1] <= point[1] and other[:2] != point[:2] for other in points)]


def picked(folder, file, architecture):
    """Predicted and measured median of a network, in milliseconds, and its accuracy with the shared weights."""
    name = architecture.replace(",", "_") + ".picked.json"
    winner = once(folder / name, lambda: lutra(folder, "pick", file, "--arch", architecture, codes=(0, 1)))["winners"][0]
    return winner


def answers(folder, run):
    """What was told of files that multiply integers."""
    events = [json.loads(line) for line in (folder / "runs" / run / "metrics.jsonl").read_text().splitlines()]
    return [event for event in events if event["event"] == "file-quantized"]


def searches(folder, options):
    """What three searches found, by the name of what they searched, and the experiment of the first with its table."""
    mixed = experiment(folder, "mixed", options, supernet={"epochs": options.epochs, "batch": options.batch}, search={"budget": options.budget},
                       export={"top": options.winners})
    lutra(folder, "train", mixed)
    if options.until == "train":
        raise SystemExit(0)
    tables = once(folder / "profiled.json", lambda: lutra(folder, "profile", mixed)["tables"])
    found = {"mixed": once(folder / "mixed.json", lambda: lutra(folder, "search", mixed)["candidates"])}
    first = found["mixed"][0]["arch"]
    for name, integer in (("float32", False), ("int8", True)):
        file = experiment(folder, name, options, supernet={"from": "runs/mixed"},
                          search={"budget": options.budget, "fixed": in_bits(first, integer), "genes": "choice"})
        found[name] = once(folder / f"{name}.json", lambda file=file: lutra(folder, "search", file)["candidates"])
    return mixed, tables, found


def measured(folder, mixed, together, options, report):
    """Winners and their siblings of one precision, on this machine."""
    report.add("", "| network | accuracy, shared weights, % | blocks in int8 | predicted, ms | measured, ms | off by | as fast as float32 |",
               "|---|---|---|---|---|---|---|")
    candidates = [point for point in together if kind(point[2]) == "mixed"] or together
    steps = max(1, len(candidates) // options.winners)
    for point in candidates[::-steps][:options.winners]:
        base = None
        for architecture in dict.fromkeys((in_bits(point[2], False), point[2], in_bits(point[2], True))):
            winner = picked(folder, mixed, architecture)
            device = winner["devices"]["local"]
            base = base or device["p50_ms"]
            predicted = device["predicted_ms"]
            report.add(f"| `{architecture}` | {100 * winner['accuracy']:.2f} | {100 * share(architecture):.0f} % | {predicted:.3f} | "
                       f"{device['p50_ms']:.3f} | {predicted / device['p50_ms'] - 1:+.1%} | {base / device['p50_ms']:.2f} |")


def trained_alone(folder, points, options, report):
    """Files of networks with weights of their own, held against these."""
    best = {name: max((point for point in points if kind(point[2]) == name), default=None) for name in ("mixed", "float32")}
    report.add("", f"By themselves, {options.retrain} epochs; files in ONNX Runtime on validation images:", "",
               "| file | MB | accuracy before, % | of the file, % | alike, % | outputs apart, of their range | layers left in float32 |",
               "|---|---|---|---|---|---|---|")
    retrain = {"epochs": options.retrain, "batch": options.batch}
    if best["mixed"]:
        def own():
            lutra(folder, "retrain", experiment(folder, "own", options, retrain=retrain), "--arch", best["mixed"][2], "--no-verify")
            return answers(folder, "own")
        report.add(*(row("mixed", event) for event in once(folder / "own.json", own)))
    write(folder / "real.yaml", (folder / "wide.yaml").read_text().replace("bits: [32, 8]\n", "").replace("name: wide\n", "name: real\n", 1))
    for method in options.methods.split(","):
        def quantize(method=method):
            file = experiment(folder, "own-float32", options, space="real.yaml", retrain=retrain, targets=[{"device": "local"}])
            lutra(folder, "retrain", file, "--arch", best["float32"][2], "--no-verify", "--int8", method)
            return answers(folder, "own-float32")[-1:]  # what was told last is of this method
        report.add(*(row(f"float32, {method}", event) for event in once(folder / f"own-{method}.json", quantize)))


def main():
    parser = sized(width=2, repeat=4, epochs=16, retrain=12, batch=64, budget=300, winners=3, recalibrate=1024, validate=2500)
    parser.add_argument("--methods", default="min-max,percentile,entropy,mse", help="of quantizing the network of float32")
    parser.add_argument("--profile", type=json.loads, default={}, help="keys of the section profile, as JSON")
    parser.add_argument("--until", choices=PARTS, default=PARTS[-1], help="the last part of the work")
    options, folder = begun(parser, growing=("winners", "methods", "until"))
    space(folder, options.width, options.repeat)
    mixed, tables, found = searches(folder, options)

    latency = next(name for name in found["mixed"][0]["measures"] if name.startswith("latency"))
    points = [(candidate["measures"]["accuracy"], candidate["measures"][latency], candidate["arch"])
              for candidates in found.values() for candidate in candidates]
    together = sorted(set(front(points)), key=lambda point: point[1])
    counts = {name: sum(kind(point[2]) == name for point in together) for name in ("float32", "mixed", "int8")}
    report = Report(folder / "int8.md")
    report.add(f"shufflenetv2-cifar, {options.width} times as wide; supernet {options.epochs} epochs, {options.budget} candidates a search; table's "
               f"error on held-out networks {100 * tables[0].get('held_out_error', float('nan')):.1f} %.", "",
               f"On the front of all three searches: {counts['float32']} networks of float32, {counts['mixed']} mixed, {counts['int8']} of int8.", "",
               "| predicted, ms | accuracy, shared weights, % | blocks in int8 | |", "|---|---|---|---|",
               *(f"| {point[1] / 1e6:.3f} | {100 * point[0]:.2f} | {100 * share(point[2]):.0f} % | `{point[2]}` |" for point in together))
    if PARTS.index(options.until) >= PARTS.index("measure"):
        measured(folder, mixed, together, options, report)
    if PARTS.index(options.until) >= PARTS.index("own"):
        trained_alone(folder, points, options, report)


def row(name, event):
    return (f"| {name} | {event['bytes'] / 1e6:.2f} | {100 * event['accuracy-before']:.2f} | {100 * event['accuracy']:.2f} | {100 * event['alike']:.2f} | "
            f"{event['difference']:.1e} | {', '.join(event['real']) or 'none'} |")


if __name__ == "__main__":
    main()
