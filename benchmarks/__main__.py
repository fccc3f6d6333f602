"""Run every comparison: ``python -m benchmarks``."""

from benchmarks import bench_command, bench_reading, bench_scoring
from benchmarks.harness import machine

print(machine())
bench_reading.main()
bench_scoring.main()
bench_command.main()
