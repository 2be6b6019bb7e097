"""How fast portsim is beside plain SimPy: `python -m benchmarks` prints one table. `benchmarks/README.md` says what."""
