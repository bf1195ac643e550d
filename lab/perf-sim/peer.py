"""One measurement of libcachesim: a job as JSON comes in, one line of JSON goes out. Started by peer.ts.

The trace is replayed by the library's own C loop (process_trace), which lets go of Python's lock; a sweep hands its sizes to a
pool of threads. Times are from opening the trace to the last answer, without starting Python.
"""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import libcachesim

job = json.loads(sys.argv[1])


def miss_ratio(capacity):
    reader = libcachesim.TraceReader(
        job["path"],
        libcachesim.TraceType.ORACLE_GENERAL_TRACE,
        libcachesim.ReaderInitParam(ignore_obj_size=True),
    )
    cache = getattr(libcachesim, job["policy"])(capacity)
    return cache.process_trace(reader)[0]


start = time.perf_counter()
if job["threads"] == 1:
    ratios = [miss_ratio(capacity) for capacity in job["capacities"]]
else:
    with ThreadPoolExecutor(job["threads"]) as pool:
        ratios = list(pool.map(miss_ratio, job["capacities"]))
seconds = time.perf_counter() - start

peak_bytes = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "missRatios": ratios, "peakBytes": peak_bytes}))
