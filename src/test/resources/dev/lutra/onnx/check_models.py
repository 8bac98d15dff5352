"""Checks ONNX files with ONNX's own checker and prints the shape that it infers for every value.

check_models.py FILE…   prints FILE<tab>VALUE<tab>DIM,DIM,… a line
"""
import sys

import onnx

for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph
    for value in [*inferred.value_info, *inferred.output]:
        dims = value.type.tensor_type.shape.dim
        print(path, value.name, ",".join(d.dim_param or str(d.dim_value) for d in dims), sep="\t")
