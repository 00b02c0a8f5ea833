"""The bundled data sets: a module each, found by the set's name in :data:`mtl_core.spec.data.bundled.BUNDLED`.

None is downloaded. What a set is called and which tasks it suggests stands in its entry there; a module here has an
``OPENER`` (:class:`mtl_core.datasets.bundled_opener.BundledOpener`).
"""
