"""The network as ONNX graphs, weights inside: its one other statement beside `mfjax.model`, for every other runtime.

`network` has the graphs; `extraction`, `composition`, `attention` and `blend` state what the modules of those names in
`mfjax.model` do, and `graph` and `resampling` are what they are built with. Maps are `[n, c, h, w]` there. Of mfjax
these modules import only `mfjax.model`, so that an engine can build on them.
"""
