"""Where to cut magnitudes, by all that was seen (not by a histogram that grew): numpy's percentile, and the cut of least divergence as Migacz's
slides and ONNX Runtime's calibrator have it (onnxruntime/python/tools/quantization/calibrate.py), with scipy-like entropy written out."""
import json
import sys

import numpy

given = json.load(open(sys.argv[1]))
answers = []
for case in given:
    values = numpy.abs(numpy.array(case["values"], "float64"))
    values = values[values > 0]
    bins, levels = case["bins"], case["levels"]
    counts, edges = numpy.histogram(values, bins=bins, range=(0, values.max()))
    best, cut = numpy.inf, edges[-1]
    for kept in range(levels, bins + 1):
        reference = counts[:kept].astype("float64")
        reference[-1] += counts[kept:].sum()
        candidate = numpy.zeros(kept)
        for part in numpy.array_split(numpy.arange(kept), levels):
            there = part[counts[part] > 0]
            if len(there):
                candidate[there] = counts[part].sum() / len(there)
        # a smoothed zero, as the calibrator has it
        candidate[(candidate == 0) & (reference > 0)] = 1e-4
        p, q = reference / reference.sum(), candidate / candidate.sum()
        held = p > 0
        divergence = (p[held] * numpy.log(p[held] / q[held])).sum()
        if divergence < best:
            best, cut = divergence, edges[kept]
    answers.append({"min-max": values.max(), "percentile": numpy.percentile(values, case["percentile"]), "entropy": cut})
print(json.dumps(answers))
