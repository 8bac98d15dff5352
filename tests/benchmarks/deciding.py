"""Experiments and the table of tests/benchmarks/deciding.sh."""
import glob
import json
import os
import sys

LAYERS = 12
RANDOM_RETRAINED = 3


def base(out, train, test, epochs, retrain):
    write(out, "base", f"""supernet: {{epochs: {epochs}}}
targets: [{{device: local}}]
""", train, test, retrain)


def searches(out, train, test, retrain, budget):
    """All of one supernet, one table and one limit, halfway from the fastest network to the slowest."""
    ends = [json.load(open(f"{out}/{name}.json"))["latency_ms"] for name in ("fastest", "slowest")]
    limit = f"{sum(ends) / 2:.4f} ms"
    table = glob.glob(f"{out}/base/lut/*.json")[0]
    common = f"supernet: {{from: {out}/base}}\ntargets: [{{device: local, table: {table}, latency: {{p50: {limit}}}}}]\n"
    generations = max(1, int(budget) // 50)
    for name, search in {
        "lutra": f"objectives: [accuracy, latency]\nsearch: {{budget: {budget}}}\n",
        "nsga2": f"objectives: [accuracy, latency]\nsearch: {{algorithm: nsga2, population: 50, generations: {generations}}}\n",
        "random": "objectives: [accuracy, latency]\nsearch: {algorithm: random, budget: 50}\n",
        # the first generation has the ends of the range that the limit leaves
        "limit": "objectives: [accuracy, max macs]\nsearch: {algorithm: nsga2, population: 4, generations: 1}\n",
    }.items():
        write(out, name, common + search, train, test, retrain)
    write(out, "largest", f"supernet: {{from: {out}/base}}\nobjectives: [accuracy, max macs]\n"
                          "search: {algorithm: nsga2, population: 4, generations: 1}\n", train, test, retrain)


def write(out, name, more, train, test, retrain):
    with open(f"{out}/{name}.yaml", "w") as file:
        file.write(f"name: {name}\nspace: shufflenetv2-cifar\ndata: {{train: {train}, test: {test}}}\nretrain: {{epochs: {retrain}}}\n"
                   f"profile: {os.environ.get('PROFILE', '{}')}\n" + more)


def candidates(out, name):
    """Measures of every architecture that a search has evaluated, by architecture."""
    found = {}
    with open(f"{out}/{name}/metrics.jsonl") as lines:
        for event in map(json.loads, lines):
            if event["event"] == "candidate-evaluated":
                found[event["architecture"]] = event["measures"]
    return found


def choices(out, rows):
    """Rows of the table: what a network is there for, and which one it is."""
    verified = json.load(open(f"{out}/lutra/verification.json"))
    winner = next((one for one in verified if one["verified"]), verified[0])["arch"]
    if "lutra" in rows:
        yield "lutra", winner
    if "best" in rows or "random" in rows:
        drawn = candidates(out, "random")
        best = max(drawn, key=lambda arch: drawn[arch]["accuracy"])
        if "best" in rows:
            yield "best-of-50-random", best
        if "random" in rows:
            size = candidates(out, "lutra")[winner]["macs"]
            nearest = sorted(set(drawn) - {best, winner}, key=lambda arch: (abs(drawn[arch]["macs"] - size), arch))
            for number, arch in enumerate(nearest[:RANDOM_RETRAINED], 1):
                yield f"random-{number}", arch
    for name, title in {"limit": "largest-under-the-limit", "largest": "largest-of-the-space"}.items():
        if name in rows:
            large = candidates(out, name)
            yield title, max(large, key=lambda arch: large[arch]["macs"])
    if "nsga2" in rows:
        bred = candidates(out, "nsga2")
        yield "nsga2", max(bred, key=lambda arch: bred[arch]["accuracy"])


def table(out):
    retrained = {one["architecture"]: one for one in json.load(open(f"{out}/retrained.json"))["networks"]}
    verification = json.load(open(f"{out}/lutra/verification.json"))
    limit = verification[0]["devices"]["local"]["limitNanos"] / 1e6
    print(f"limit {limit:.3f} ms, {len(candidates(out, 'lutra'))} architectures evaluated by lutra")
    for winner in verification:
        device = winner["devices"]["local"]
        print(f"{winner['file']}: asked at most {limit:.3f} ms, predicted {device['predictedNanos'] / 1e6:.3f} "
              f"({device.get('predictedLowNanos', 0) / 1e6:.3f} to {device.get('predictedHighNanos', 0) / 1e6:.3f}), measured "
              f"{device['p50Nanos'] / 1e6:.3f} ({device.get('p50LowNanos', 0) / 1e6:.3f} to {device.get('p50HighNanos', 0) / 1e6:.3f}), "
              f"{'verified' if winner['verified'] else 'not verified'}")
    with open(f"{out}/lutra/metrics.jsonl") as lines:
        repairs = {event["number"] for event in map(json.loads, lines) if event["event"] == "table-repaired"}
    print(f"{len(repairs)} repairs of the table\n")
    print("| network | MACs | shared weights | retrained | measured | within the limit |\n|---|---|---|---|---|---|")
    for name, arch in (line.split() for line in open(f"{out}/chosen")):
        one = retrained[arch]
        device = one["devices"]["local"]
        print(f"| {name} | {one['macs'] / 1e6:.1f} M | {100 * one['before']['top1']:.2f} % | {100 * one['after']['top1']:.2f} % "
              f"| {device['p50_ms']:.3f} ms | {'yes' if device['within_limit'] else 'no'} |")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command in ("fastest", "slowest"):
        print(",".join(["k3" if command == "fastest" else "xception"] * LAYERS))
    elif command == "chosen":
        for row in choices(arguments[0], arguments[1:]):
            print(*row)
    else:
        {"base": base, "searches": searches, "table": table}[command](*arguments)
