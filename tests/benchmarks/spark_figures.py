"""The figures of tests/benchmarks/spark.sh, from the runs' events and Spark's event logs."""
import glob
import json
import statistics
import sys

folder = sys.argv[1]


def events(run, kind):
    with open(f"{folder}/{run}/metrics.jsonl") as lines:
        return [event for event in map(json.loads, lines) if event["event"] == kind]


def log(run):
    for file in glob.glob(f"{folder}/events-{run}/*"):
        with open(file) as lines:
            yield from map(json.loads, lines)


def tasks(run):
    found = []
    for event in log(run):
        if event["Event"] == "SparkListenerTaskEnd" and event["Task End Reason"]["Reason"] == "Success":
            info, metrics = event["Task Info"], event["Task Metrics"]
            found.append({
                "stage": event["Stage ID"], "executor": info["Executor ID"], "begun": info["Launch Time"],
                "whole": info["Finish Time"] - info["Launch Time"], "run": metrics["Executor Run Time"],
                "deserialise": metrics["Executor Deserialize Time"], "result": metrics["Result Size"],
                "sent": metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]})
    return sorted(found, key=lambda task: task["begun"])


def rounds(run):
    """Of every job but the first, which opens images: what it took, its slowest learner, the mean of them; milliseconds."""
    begun, found = {}, []
    done = tasks(run)
    for event in log(run):
        if event["Event"] == "SparkListenerJobStart":
            begun[event["Job ID"]] = (event["Submission Time"], event["Stage IDs"])
        elif event["Event"] == "SparkListenerJobEnd":
            at, stages = begun[event["Job ID"]]
            runs = [task["run"] for task in done if task["stage"] in stages]
            found.append((event["Completion Time"] - at, max(runs), statistics.mean(runs)))
    return found[1:]


print("| | accuracies | s | candidates/s |\n|---|---|---|---|")
for run, words in (("one", "one process, one thread"), ("two", "one process, two threads"), ("cluster", "two workers of a core each")):
    timed = events(run, "search-timed")[-1]
    number, seconds = timed["asked"], timed["seconds"] - timed["own"]
    print(f"| {words} | {number} | {seconds:.1f} | {number / seconds:.2f} |")

judged = tasks("cluster")
first = {}
for task in judged:
    first.setdefault(task["executor"], task)
warm = [task for task in judged if task is not first[task["executor"]]]
median = statistics.median(task["run"] for task in warm)
besides = statistics.median(task["whole"] - task["run"] for task in warm)
print(f"\nwarm tasks: {len(warm)}, median run {median:.0f} ms; besides (scheduling, deserialisation, result) {besides:.0f} ms, "
      f"of which deserialisation {statistics.median(task['deserialise'] for task in warm):.0f} ms; at 1 s a candidate {besides / 1000:.1%}")
print("first task of an executor, over a warm one: " + ", ".join(f"{(task['run'] - median) / 1000:.1f} s" for task in first.values()))

print("\n| training | last loss | random paths, mean accuracy | images/s | results and shuffled bytes a step |\n|---|---|---|---|---|")
for run, words in (("trained", "one machine, one thread"), ("train-shares", "two learners, averaged every step"),
                   ("train-rounds", "two learners, every 8 steps, same paths"), ("train-own", "two learners, every 8 steps, own paths")):
    steps = events(run, "training-step")
    losses = [step["loss"] for step in steps]
    paths = events(run, "paths-judged")
    accuracy = statistics.mean(paths[-1]["accuracies"]) if paths else float("nan")
    pace = statistics.median(pace["images-per-second"] for pace in events(run, "training-pace"))
    done = tasks(run)
    share = sum(task["result"] + task["sent"] for task in done) / max(1, steps[-1]["step"]) if done else 0
    print(f"| {words} | {statistics.mean(losses[-5:]):.3f} | {accuracy:.2%} | {pace:.0f} | {share:,.0f} |")
    if done:
        taken = rounds(run)
        print(f"  {words}: a round takes {statistics.median(t[0] for t in taken):.0f} ms, {statistics.median(t[0] - t[1] for t in taken):.0f} ms more "
              f"than its slowest learner, which takes {statistics.median(t[1] / t[2] for t in taken):.2f} times the mean", file=sys.stderr)
    print("  losses: " + " ".join(f"{loss:.2f}" for loss in losses), file=sys.stderr)
