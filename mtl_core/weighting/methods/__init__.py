"""The weighting methods: one module each, named after the ``kind`` of its spec class.

To add a method, write a spec class in `mtl_core.spec.weighting`, and here a module named after its kind with

    def build(spec: SpecClass, context: WeightingContext) -> Weighting

that returns `FixedWeights`, `LossScalarization(scalarizer)`, `GradientAggregation(aggregator)` or another `Weighting`.
"""
