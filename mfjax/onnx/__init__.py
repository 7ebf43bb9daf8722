"""The network as ONNX graphs, weights inside: its one other statement beside `mfjax.model`, for every other runtime.

`extraction`, `composition`, `attention` and `blend` state what the modules of those names in `mfjax.model` do, with
`graph`, `layers` and `resampling`; maps are `[n, c, h, w]` there. `network` has the two graphs that engines run.
`mfjax.interop.onnx_file`, for `mfjax export`, puts all into one file, with the steps that `mfjax.inference` plans.
"""
