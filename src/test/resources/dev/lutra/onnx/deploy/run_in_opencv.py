"""Runs ONNX files in OpenCV's dnn and prints how far its outputs are from given ones.

run_in_opencv.py FOLDER   each CASE/ in it holds model.onnx, x.f32 and y.f32 as raw little-endian floats, and shapes.txt with
NAME<tab>DIM,DIM,… lines; prints CASE<tab>largest difference<tab>range a line, or CASE<tab>what OpenCV says
"""
import pathlib
import sys

import cv2
import numpy

for case in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    shapes = dict(line.split("\t") for line in (case / "shapes.txt").read_text().splitlines())
    x, y = (numpy.fromfile(case / f"{name}.f32", dtype="<f4").reshape([int(d) for d in shapes[name].split(",")]) for name in "xy")
    try:
        net = cv2.dnn.readNetFromONNX(str(case / "model.onnx"))
        net.setInput(x)
        found = net.forward()
        print(case.name, numpy.abs(found - y).max(), y.max() - y.min(), sep="\t")
    except cv2.error as error:
        print(case.name, " ".join(str(error).split()), sep="\t")
