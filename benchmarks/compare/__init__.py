"""The comparison with other frameworks, which `benchmarks/comparison.py` runs.

`with_package`, `with_paddle`, `with_torch`, `with_keras` and `with_onnxruntime` do the same tasks,
each in the way of its own users. `worker` is a process that has one of them loaded, `contest` lets
such processes take turns, `sections` says what is measured, `goals` what was to be reached, and
`page` writes the tables.
"""
