"""Why a trained model predicts what it does: importance, dependence, attributions, attention, shared features."""
