#!/usr/bin/env python3
"""Times an ONNX file in OpenCV's dnn module, as docs/reference/runtimes.md has it: opencv_dnn.py REQUEST REPORT, or --version."""
import json
import sys
import time

import cv2
import numpy


def load(request):
    cv2.setNumThreads(request["threads"])
    net = cv2.dnn.readNetFromONNX(request["model"])
    for one in request["inputs"]:
        values = numpy.fromfile(one["file"], dtype="<f4").reshape(one["shape"])
        net.setInput(values, one["name"])
    return net


def run_for(net, seconds, least, most):
    """Latencies in nanoseconds, back to back."""
    clock = time.perf_counter_ns
    latencies = []
    end = clock() + int(seconds * 1e9)
    while len(latencies) < most and (len(latencies) < least or clock() < end):
        begin = clock()
        net.forward()
        latencies.append(clock() - begin)
    return latencies


def median(values):
    return sorted(values)[(len(values) - 1) // 2]


def warm_up(net, request):
    """Until two windows in a row agree, or the time is over. Returns runs, seconds and whether they agree."""
    begin = time.perf_counter()
    window = max(request["warmUpSeconds"], request["mostWarmUpSeconds"] / 8)
    before = run_for(net, request["warmUpSeconds"], max(1, request["leastWarmUpRuns"]), request["mostRuns"])
    runs = len(before)
    steady = False
    while not steady and time.perf_counter() - begin < request["mostWarmUpSeconds"]:
        now = run_for(net, window / 2, 3, request["mostRuns"])
        runs += len(now)
        steady = abs(median(now) / median(before) - 1) < 0.03
        before = now
    return runs, time.perf_counter() - begin, steady


def outputs(net, folder):
    names = net.getUnconnectedOutLayersNames()
    reports = []
    for number, (name, values) in enumerate(zip(names, net.forward(names))):
        file = "output-%d.f32" % number
        values.astype("<f4").tofile(folder + "/" + file)
        reports.append({"name": name, "shape": list(values.shape), "file": file})
    return reports


def main(request_file, report_file):
    with open(request_file) as file:
        request = json.load(file)
    report = {"unit": "ns"}
    try:
        net = load(request)
        if request["leastRuns"] > 0:
            runs, seconds, steady = warm_up(net, request)
            report.update(warmUpRuns=runs, warmUpSeconds=seconds, steady=steady)
            report["latencies"] = run_for(net, request["seconds"], request["leastRuns"], request["mostRuns"])
        if request["outputs"]:
            report["outputs"] = outputs(net, report_file.rpartition("/")[0])
    except cv2.error as error:
        report = {"error": "OpenCV: " + " ".join(str(error).split())}
    with open(report_file, "w") as file:
        json.dump(report, file)


if sys.argv[1:] == ["--version"]:
    print(cv2.__version__)
else:
    main(sys.argv[1], sys.argv[2])
