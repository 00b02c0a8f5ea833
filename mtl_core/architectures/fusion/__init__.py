"""The fusion modules, one for each kind, found by the kind's name; encoders of inputs with the fusion behind them."""
