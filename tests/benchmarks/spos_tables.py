#!/usr/bin/python3
"""Tables like the third and fourth of SPOS (Guo et al. 2019) on CIFAR-10, short: what searches of one supernet of `shufflenetv2-cifar` find
under a limit on MACs, beside networks of one choice everywhere and random ones of about as many MACs, all trained alone alike. With
--channel-epochs also the fourth: channel scales searched in a supernet of `shufflenetv2-cifar-channels`, on fixed blocks.

  tests/benchmarks/spos_tables.py SUPERNET TRAIN TEST FOLDER [--retrain IMAGES] [--epochs 3] [--batch 64] [--population 50] [--generations 10]
                                  [--few 250] [--own 200] [--limit 8000000] [--validation 2000] [--recalibration 512]
                                  [--channel-epochs 0] [--channel-generations 4]

SUPERNET is the run whose weights are searched, TRAIN and TEST its images; networks are trained alone on those of --retrain (TRAIN unless
said), and so is the supernet of channels. --few and as many evaluations as `spos` takes are those of random search, --own those of `lutra`.
Networks are judged alone on TEST, which nothing was chosen by. FOLDER gets the experiments, their runs and spos_tables.md; called again, it
goes on where it was. LUTRA in the environment is another launcher."""
import argparse
import json
import os
import pathlib
import statistics

from deciding import candidates
from launcher import lutra, once, write

BLOCKS, CHANNELS = "shufflenetv2-cifar", "shufflenetv2-cifar-channels"
CHOICES, LAYERS = ("k3", "k5", "k7", "xception"), 12
RANDOM = 5
NEAR = 0.97  # of the limit, as SPOS's random networks have some 320M of 330M


class Tables:
    def __init__(self, options):
        self.options = options
        self.folder = options.folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)

    def experiment(self, name, **sections):
        text = {"name": name, "space": BLOCKS, "data": {"train": self.options.train, "test": self.options.test}, "objectives": ["accuracy", "macs"],
                "evaluation": {"recalibration-images": self.options.recalibration, "validation-images": self.options.validation}, **sections}
        write(self.folder / f"{name}.yaml", json.dumps(text, indent=1))  # JSON is YAML
        return f"{name}.yaml"

    def answer(self, name, *words):
        """What lutra answers, asked for once by however many lives of this script."""
        def ask():
            print(f"{name}: lutra {' '.join(map(str, words))}", flush=True)
            return lutra(self.folder, *words)
        return once(self.folder / f"{name}.json", ask)

    def search(self, name, search, least=0, **sections):
        """Measures of what a search has evaluated, in its order, by architecture."""
        file = self.experiment(name, constraints={"macs": {"at-most": self.options.limit, "at-least": round(least * self.options.limit)}},
                               search=search, **sections)
        self.answer(name, "search", file, "--out", name)
        return candidates(self.folder, name)

    def overhead(self, name):
        """Share of a search's time that was its own: not for accuracies. None where every life that looked for some was killed."""
        with open(self.folder / name / "metrics.jsonl") as lines:
            timed = [event for event in map(json.loads, lines) if event["event"] == "search-timed" and event["asked"]]
        return sum(event["own"] for event in timed) / sum(event["seconds"] for event in timed) if timed else None

    def retrained(self, name, space, architectures):
        """MACs and accuracy on test images of networks trained alone, by architecture."""
        file = self.experiment(name, space=space, data={"train": self.options.retrain, "validation": self.options.test},
                               evaluation={"recalibration-images": self.options.recalibration, "validation-images": 10000},
                               retrain={"epochs": self.options.epochs, "batch": self.options.batch})
        networks = self.answer(name, "retrain", file, "--out", name,
                               *(word for each in sorted(set(architectures)) for word in ("--arch", each)))["networks"]
        return {network["architecture"]: network for network in networks}

    def blocks(self):
        options = self.options
        shared = {"from": str(options.supernet.resolve())}
        budget = options.population * options.generations
        found = {name: self.search(name, search, supernet=shared) for name, search in {
            "spos": {"algorithm": {"spos": {"population": options.population, "generations": options.generations}}},
            "random": {"algorithm": {"random": {"budget": budget}}},
            "lutra": {"algorithm": {"lutra": {"budget": options.own}}}}.items()}
        drawn = self.search("random-networks", {"algorithm": {"random": {"budget": RANDOM}}, "seed": 2}, NEAR, supernet=shared)
        few = dict(list(found["random"].items())[:options.few])
        several = [("random search", "random", few)] if len(few) < budget else []
        several += [("random search", "random", found["random"]), ("`spos`", "spos", found["spos"]), ("`lutra`", "lutra", found["lutra"])]
        winners = [(f"{title}, {len(measured)}", name, measured) for title, name, measured in several]
        same = {choice: ",".join([choice] * LAYERS) for choice in CHOICES}
        alone = self.retrained("alone", BLOCKS, [*same.values(), *drawn, *(best(each) for _, _, each in winners)])
        self.write("", [row(f"all {choice}", [alone[arch]]) for choice, arch in same.items()]
                   + [row(f"{RANDOM} random ones", [alone[arch] for arch in drawn], mean(drawn[arch]["accuracy"] for arch in drawn))]
                   + [row(name, [alone[best(each)]], each[best(each)]["accuracy"], self.overhead(run)) for name, run, each in winners],
                   [f"{name}: `{best(each)}`" for name, _, each in winners] + ["", *self.fronts(found)])
        return alone[same["k3"]], alone[best(found["spos"])]

    def fronts(self, found):
        """Rows of what searches have come to after as many evaluations as `lutra` has, and in all: by accuracy and MACs together."""
        every = [measures for measured in found.values() for measures in measured.values()]
        yield "| search | evaluations | best with shared weights | share of the box of accuracy and MACs |"
        yield "|---|---|---|---|"
        for name, measured in found.items():
            for count in sorted({min(self.options.own, len(measured)), len(measured)}):
                first = list(measured.values())[:count]
                yield (f"| `{name}` | {count} | {max(each['accuracy'] for each in first):.1%} | "
                       f"{dominated(first, every, self.options.limit):.2f} |")

    def channels(self, narrow, searched):
        """The fourth table, beside rows of the third: a network of k3 everywhere and the one that `spos` found."""
        options, shared = self.options, {"from": "channel-supernet"}
        own = {"space": CHANNELS, "data": {"train": options.retrain, "test": options.test}}
        training = self.experiment("channel-supernet", supernet={"epochs": options.channel_epochs}, **own)
        self.answer("channel-supernet", "train", training, "--out", "channel-supernet")
        spos = {"algorithm": {"spos": {"population": options.population, "generations": options.channel_generations}}}
        five = {"algorithm": {"random": {"budget": RANDOM}}, "seed": 2}
        on_narrow = {"fixed": scaled(narrow), "genes": "scale"}
        found = {"channels": self.search("channels", {**spos, **on_narrow}, supernet=shared, **own),
                 "both": self.search("both", {**spos, "fixed": scaled(searched), "genes": "scale"}, supernet=shared, **own)}
        drawn = {"random-channels": self.search("random-channels", {**five, **on_narrow}, NEAR, supernet=shared, **own),
                 "random-both": self.search("random-both", five, NEAR, supernet=shared, **own)}
        alone = self.retrained("channels-alone", CHANNELS, [*(arch for each in drawn.values() for arch in each),
                                                            *(best(each) for each in found.values())])

        def random_row(title, name):
            return row(title, [alone[arch] for arch in drawn[name]], mean(each["accuracy"] for each in drawn[name].values()))

        def found_row(title, name):
            arch = best(found[name])
            return row(f"{title}, {len(found[name])}", [alone[arch]], found[name][arch]["accuracy"], self.overhead(name))

        self.write("-channels", [row("all k3", [narrow]), random_row(f"all k3, {RANDOM} times random channels", "random-channels"),
                                 found_row("all k3, channels searched", "channels"),
                                 random_row(f"{RANDOM} times random blocks and channels", "random-both"),
                                 row("blocks searched by `spos`", [searched]), found_row("the same, channels searched", "both")],
                   [f"{name}: `{best(each)}`" for name, each in found.items()])

    def write(self, kind, rows, networks):
        lines = ["| network, evaluations | MACs | with shared weights | trained alone, test images | search's own share of its time |",
                 "|---|---|---|---|---|", *rows, "", *networks]
        (self.folder / f"spos_tables{kind}.md").write_text("\n".join(lines) + "\n")
        print("\n".join(lines), flush=True)


def best(measured):
    return max(measured, key=lambda arch: measured[arch]["accuracy"])


def dominated(measured, every, limit):
    """Share of the box between the worst and the best accuracy and from the fewest MACs of all to the limit that the front dominates."""
    worst, highest = (bound(each["accuracy"] for each in every) for bound in (min, max))
    area, level = 0, worst
    for each in sorted(measured, key=lambda each: (each["macs"], -each["accuracy"])):
        if each["accuracy"] > level:
            area += (limit - each["macs"]) * (each["accuracy"] - level)
            level = each["accuracy"]
    return area / ((limit - min(each["macs"] for each in every)) * (highest - worst))


def mean(values):
    return statistics.mean(values)


def scaled(network):
    return ",".join(f"{choice}:1.0" for choice in network["architecture"].split(","))


def row(name, networks, shared=None, own=None):
    """Of several networks their means, and how far they reach."""
    tops = [network["after"]["top1"] for network in networks]
    reach = f" ({min(tops):.1%} to {max(tops):.1%})" if len(tops) > 1 else ""
    return (f"| {name} | {mean(network['macs'] for network in networks) / 1e6:.2f} M | {'' if shared is None else f'{shared:.1%}'} "
            f"| {mean(tops):.1%}{reach} | {'' if own is None else f'{own:.2%}'} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("supernet", type=pathlib.Path)
    parser.add_argument("train", type=os.path.abspath)
    parser.add_argument("test", type=os.path.abspath)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--retrain", type=os.path.abspath)
    for name, usual in (("epochs", 3), ("batch", 64), ("population", 50), ("generations", 10), ("few", 250), ("own", 200), ("limit", 8_000_000),
                        ("validation", 2000), ("recalibration", 512), ("channel-epochs", 0), ("channel-generations", 4)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    options.retrain = options.retrain or options.train
    tables = Tables(options)
    narrow, searched = tables.blocks()
    if options.channel_epochs:
        tables.channels(narrow, searched)


if __name__ == "__main__":
    main()
