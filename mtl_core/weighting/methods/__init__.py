"""The weighting methods, a module each, named after the ``kind`` of its spec class.

To add one: a spec class in `mtl_core.spec.weighting`, and here a module of that name with

    def build(spec: TheSpecClass, setup: Setup) -> Weighting

that returns `FixedWeights`, `Scalarized(scalarizer)`, `Aggregated(aggregator)` or a `Weighting` of its own.
"""
