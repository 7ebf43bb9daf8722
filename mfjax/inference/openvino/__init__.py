"""The network in OpenVINO: on CPUs faster than XLA, and one program for images of all sizes.

The graphs are built with OpenVINO's own operations from the same parameters. Their maps are `[n, c, h, w]`.
"""
