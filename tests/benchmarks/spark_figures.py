"""The figures of tests/benchmarks/spark.sh, from the runs' events and Spark's event logs.

spark_figures.py candidates FOLDER       a search by one process, of one thread and two, and by the cluster
spark_figures.py training FOLDER ONE RUN a training by one learner here and one by two on the cluster
spark_figures.py projection FOLDER EVERY MANY  from trainings averaged every step and every many: what 8 and 64 learners would do
"""
import glob
import json
import os
import statistics
import sys

folder = sys.argv[2]


def events(run, kind):
    with open(f"{folder}/{run}/metrics.jsonl") as lines:
        return [event for event in map(json.loads, lines) if event["event"] == kind]


def log(run):
    for file in glob.glob(f"{folder}/events-{run}/*"):
        with open(file) as lines:
            yield from map(json.loads, lines)


def tasks(run):
    """Milliseconds: in Spark's words a task is scheduled, deserialised, run, its result serialised and fetched."""
    found = []
    for event in log(run):
        if event["Event"] == "SparkListenerTaskEnd" and event["Task End Reason"]["Reason"] == "Success":
            info, metrics = event["Task Info"], event["Task Metrics"]
            whole = info["Finish Time"] - info["Launch Time"]
            fetched = info["Finish Time"] - info["Getting Result Time"] if info["Getting Result Time"] else 0
            result = metrics["Result Serialization Time"] + fetched
            found.append({
                "stage": event["Stage ID"], "executor": info["Executor ID"], "begun": info["Launch Time"], "run": metrics["Executor Run Time"],
                "deserialise": metrics["Executor Deserialize Time"], "result": result,
                "schedule": whole - metrics["Executor Run Time"] - metrics["Executor Deserialize Time"] - result,
                "bytes": metrics["Result Size"] + metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]})
    return sorted(found, key=lambda task: task["begun"])


def median(values):
    return statistics.median(values)


def candidates():
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
    run = median([task["run"] for task in warm])
    parts = {part: median([task[part] for task in warm]) for part in ("schedule", "deserialise", "result")}
    besides = median([sum(task[part] for part in parts) for task in warm])
    print(f"\n{len(warm)} warm tasks, medians: {run:.0f} ms of judging; besides {besides:.0f} ms ("
          + ", ".join(f"{part} {value:.0f}" for part, value in parts.items()) + f"), at 1 s a candidate {besides / 1000:.1%}")
    begun = next(event["Timestamp"] for event in log("cluster") if event["Event"] == "SparkListenerApplicationStart")
    print("until an executor's first task begins, after the application's start: "
          + ", ".join(f"{(task['begun'] - begun) / 1000:.1f} s" for task in first.values())
          + "; its first task, which loads PyTorch, the weights and the images, over a warm one: "
          + ", ".join(f"{(task['run'] - run) / 1000:.1f} s" for task in first.values()) + "\n", flush=True)


def row(run, words, sent):
    steps = events(run, "training-step")
    paths = events(run, "paths-judged")
    pace = median([pace["images-per-second"] for pace in events(run, "training-pace")])
    print(f"| {words} | {statistics.mean(step['loss'] for step in steps[-10:]):.3f} | {statistics.mean(paths[-1]['accuracies']):.2%} | "
          f"{pace:.0f} | {sent} |")
    print(f"  {words}, losses, means of ten steps: "
          + " ".join(f"{statistics.mean(step['loss'] for step in steps[i:i + 10]):.2f}" for i in range(0, len(steps), 10)), file=sys.stderr)


def rounds(run):
    """Of every warm round of two learners: milliseconds, those of the slower learner, of the mean of both, bytes that came back."""
    begun, found = {}, []
    done = tasks(run)
    for event in log(run):
        if event["Event"] == "SparkListenerJobStart":
            begun[event["Job ID"]] = (event["Submission Time"], event["Stage IDs"])
        elif event["Event"] == "SparkListenerJobEnd" and event["Job Result"]["Result"] == "JobSucceeded":
            at, stages = begun[event["Job ID"]]
            of = [task for task in done if task["stage"] in stages]
            if len(of) == 2 and sum(task["bytes"] for task in of) > 1 << 16: # the others judge paths
                found.append((event["Completion Time"] - at, max(task["run"] for task in of), statistics.mean(task["run"] for task in of),
                              sum(task["bytes"] for task in of)))
    return found[1:] # the first one loads PyTorch and opens the images


def weights(run):
    """Bytes of weights and momentum, which go out to every learner."""
    return os.path.getsize(f"{folder}/{run}/supernet.safetensors")


def training(one, run):
    taken = rounds(run)
    steps = events(run, "training-step")[-1]["step"] / (len(taken) + 1)
    print("| training | last ten losses | random paths, mean accuracy | images/s | MB a step, out + back |\n|---|---|---|---|---|")
    row(one, "one learner, here", "")
    row(run, f"two learners, {run}", f"{2 * weights(run) / steps / 1e6:.2f} + {statistics.mean(r[3] for r in taken) / steps / 1e6:.2f}")
    print(f"\n{len(taken)} warm rounds of {steps:.0f} steps, medians: {median([r[0] for r in taken]):.0f} ms, of which the slower learner "
          f"{median([r[1] for r in taken]):.0f} ms, {median([r[1] / r[2] for r in taken]):.2f} times the mean of both; besides "
          f"{median([r[0] - r[1] for r in taken]):.0f} ms\n", flush=True)


def projection(every, many):
    """
    More learners, each with as many images a step as those two had (a larger batch). A round is the slowest learner and what comes besides. Of two
    equal normal variables the larger is 0.564 standard deviations above the mean; of 8, 1.42; of 64, 2.39. What comes besides is a task's scheduling, once a
    level of the tree, and the rest, which grows with the results that one place adds up: 2 of two learners, the square root of many.
    """
    link = 1.25e9 # bytes a second: a network of 10 Gbit/s, which is assumed
    small, large = rounds(every), rounds(many)
    period = events(many, "training-step")[-1]["step"] / (len(large) + 1)
    step = median([r[2] for r in large]) / period
    spread = median([r[1] / r[2] - 1 for r in large]) / 0.564
    schedule = median([task["schedule"] + task["deserialise"] for task in tasks("cluster")])
    result = max(0, median([r[0] - r[1] for r in small + large]) - schedule) / 2
    back = median([r[3] for r in large]) / 2
    alone = median([pace["images-per-second"] for pace in events("trained", "training-pace")])
    print(f"parts: {step:.0f} ms a step of 32 images, spread of learners {spread:.1%}, scheduling {schedule:.0f} ms, {result:.0f} ms a result, "
          f"{weights(many) / 1e6:.1f} MB out and {back / 1e6:.1f} MB back a learner\n")
    print("| learners | period | ms a round: learners | stragglers | besides | wire | images/s | times one process, one thread |\n" + "|---" * 8 + "|")
    for learners, above in ((8, 1.42), (64, 2.39)):
        for steps in (1, 16, 64):
            compute = steps * step
            late = compute * spread * above
            besides = 2 * schedule + 2 * result * learners ** 0.5
            wire = 1000 * (weights(many) + 2 * back * learners ** 0.5) / link
            pace = learners * steps * 32 / (compute + late + besides + wire) * 1000
            print(f"| {learners} | {steps} | {compute:.0f} | {late:.0f} | {besides:.0f} | {wire:.0f} | {pace:.0f} | {pace / alone:.1f} |")


{"candidates": candidates, "training": training, "projection": projection}[sys.argv[1]](*sys.argv[3:])
