"""Run every comparison: ``python -m benchmarks``."""

import subprocess
import sys

from benchmarks import bench_reading, bench_scoring
from benchmarks.harness import machine

print(machine())
bench_reading.main()
bench_scoring.main()
# In small processes of their own: the peak memory of a child is at least that of the parent at the
# moment in which it was started.
for name in ("bench_command", "bench_reports"):
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
