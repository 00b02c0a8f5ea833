"""``python -m mtl_core.runner`` starts a worker."""

from mtl_core.runner.worker import main

if __name__ == "__main__":
    main()
