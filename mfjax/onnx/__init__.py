"""The network as ONNX graphs with the weights inside, for runtimes other than JAX; `mfjax.model` states it in Flax.

`extraction`, `attention`, `blend`, `layers` and `resampling` build what the modules of these names in `mfjax.model`
compute, and `composition` all that follows the extractor; `graph` builds the file and `maps` has the operations. Maps
are `[n, c, h, w]`. `network` builds the two graphs that engines run. `mfjax.interop.onnx_file` puts the whole network
into one file for `mfjax export`, with the steps that `mfjax.inference` plans.

Functions here return values of a graph, and "adds X" says that the nodes they add compute X of `mfjax.model`.
"""
