"""The ring of a job with any number of virtual workers, and the model that it is held against.

The simulation follows the rules of src/pipeline.c: a worker claims the next chunk into a free
slot of the ring, takes it where the job has a take step, works on it, and puts it and every ready
one behind it if it is the oldest; who finds nothing to claim leaves, and is called again. Each
acquisition of the ring's lock holds it for the measured time, first come, first served; writes to
one file go one at a time, as the kernel's lock on the file makes them. Decompression writes a
chunk from the work step if nobody else is writing (src/decompress.c), else from the put step.

The service times are those that cinch-steps measured. They are assumed not to depend on the
number of workers, which is what breaks first on real machines: memory bandwidth, shared caches,
the processor's clock, and the kernel's locks are outside of this.

The model: a job of W seconds of work and S seconds in its longest serial step takes
max((W + S) / N, S) on N workers, and what its ends take.
"""

import heapq
from collections import namedtuple

GIB = 1 << 30

# How long a called worker takes to run: a wake-up on an idle processor, in seconds.
WAKE = 50e-6

# Seconds of one chunk. `write` goes one at a time; `decode` is everything else of the work step.
Chunk = namedtuple("Chunk", "take decode write put")


class Job:
    """Service times of a job, from what cinch-steps printed."""

    def __init__(self, steps):
        self.is_back = steps["work"] == "back"
        self.bytes_in = steps["bytes_out"] if self.is_back else steps["bytes_in"]
        count = len(steps["chunks"])
        calls = steps["calls"]
        reads = max(0, calls["read"]["ns"] - sum(chunk[4] for chunk in steps["chunks"])) / count
        usual = calls["write"]["ns"] / count
        self.chunks = [self.chunk(entry, reads, usual) for entry in steps["chunks"]]
        self.has_take = any(chunk.take for chunk in self.chunks)
        ring = steps["locks"]["ring"]
        self.hold = 1e-9 * ring["held_ns"] / max(1, ring["count"])
        self.locks = {name: 1e-9 * lock["held_ns"] for name, lock in steps["locks"].items()}
        self.contended = sum(lock["contended"] for lock in steps["locks"].values())
        self.wall = steps["wall"]
        self.processor = steps["processor"]
        self.known = {}
        self.ends = max(0.0, self.processor - sum(sum(chunk) for chunk in self.chunks))

    def chunk(self, entry, reads, usual):
        _, take, work, put, _, work_io, put_io = entry
        if not self.is_back:  # the put step is the write, with the commit before it
            return Chunk(1e-9 * take, 1e-9 * work, 1e-9 * put, 0.0)
        if put_io > usual / 2:
            return Chunk(1e-9 * take, 1e-9 * work, 1e-9 * put_io, 1e-9 * (put - put_io))
        write = min(work, max(0, work_io - reads))
        return Chunk(1e-9 * take, 1e-9 * (work - write), 1e-9 * write, 1e-9 * put)

    def per_gib(self, seconds):
        return seconds * GIB / self.bytes_in

    def total(self, part):
        return sum(getattr(chunk, part) for chunk in self.chunks)

    # Steps that go one at a time, each by itself: the longest of them is the limit.
    def serial(self):
        count = len(self.chunks)
        return {"write": self.total("write"), "take": self.total("take"),
                "locks": self.locks["ring"] + self.locks["pool"], "put": self.total("put"),
                "chunks": count}

    def longest_serial(self):
        serial = self.serial()
        return max(serial["write"], serial["take"], serial["put"])

    def model(self, workers, length):
        """Seconds for `length` bytes, by the formula; a chunk cannot be shared by two workers."""
        scale = length / self.bytes_in
        count = max(1, round(len(self.chunks) * scale))
        everything = scale * sum(sum(chunk) for chunk in self.chunks)
        return self.ends + max(everything / min(workers, count), scale * self.longest_serial())

    def simulate(self, workers, length):
        """Seconds for `length` bytes in virtual time, the measured chunks over and over."""
        count = max(1, round(len(self.chunks) * length / self.bytes_in))
        workers = min(workers, count)
        if (workers, count) not in self.known:
            self.known[workers, count] = Ring(self, workers, count).run()
        return self.ends + self.known[workers, count]


class Ring:
    """One run of a job's ring in virtual time."""

    def __init__(self, job, workers, count):
        self.job = job
        self.count = count
        self.slots = 1 if workers == 1 else workers + workers // 4 + 2
        self.idle = workers - 1
        self.next_take = self.next_put = 0
        self.take_is_held = self.put_is_held = self.is_writing = False
        self.ready = set()
        self.left = {}  # chunks whose content is written by put
        self.lock_free = self.file_free = 0.0
        self.events = []
        self.order = 0

    def at(self, time, step, number=None):
        self.order += 1  # events at one time are taken in the order they were made
        heapq.heappush(self.events, (time, self.order, step, number))

    def run(self):
        time = 0.0
        self.at(0.0, self.claim)
        while self.next_put < self.count:
            time, _, step, number = heapq.heappop(self.events)
            step(time, number)
        return time

    def chunk(self, number):
        return self.job.chunks[number % len(self.job.chunks)]

    def lock(self, time):
        """When the lock, wanted at `time`, is free again."""
        self.lock_free = max(time, self.lock_free) + self.job.hold
        return self.lock_free

    def write(self, time, seconds):
        self.file_free = max(time, self.file_free) + seconds
        return self.file_free

    def can_claim(self):
        return (self.next_take < self.count and self.next_take - self.next_put < self.slots and
                not self.take_is_held)

    def call(self, time):
        if self.idle > 0 and self.can_claim():
            self.idle -= 1
            self.at(time + WAKE, self.claim)

    def claim(self, time, _):
        time = self.lock(time)
        if not self.can_claim():
            self.idle += 1
            return
        number = self.next_take
        self.next_take += 1
        self.take_is_held = self.job.has_take
        self.call(time)
        chunk = self.chunk(number)
        if self.job.has_take:
            self.at(time + chunk.take, self.taken, number)
        else:
            self.at(time + chunk.decode, self.decoded, number)

    def taken(self, time, number):
        time = self.lock(time)
        self.take_is_held = False
        self.call(time)
        self.at(time + self.chunk(number).decode, self.decoded, number)

    def decoded(self, time, number):
        write = self.chunk(number).write
        if not self.job.is_back or self.is_writing:
            self.left[number] = write
            self.finish(time, number)
        else:
            self.is_writing = True
            self.at(self.write(time, write), self.written, number)

    def written(self, time, number):
        self.is_writing = False
        self.finish(time, number)

    def finish(self, time, number):
        time = self.lock(time)
        self.ready.add(number)
        if self.put_is_held or number != self.next_put:
            self.at(time, self.claim)
            return
        self.put_is_held = True
        self.put(time)

    def put(self, time):
        number = self.next_put
        if number in self.left:
            time = self.write(time, self.left.pop(number))
        self.at(time + self.chunk(number).put, self.was_put, number)

    def was_put(self, time, number):
        time = self.lock(time)
        self.ready.remove(number)
        self.next_put += 1
        self.call(time)
        if self.next_put in self.ready:
            self.put(time)
            return
        self.put_is_held = False
        self.at(time, self.claim)
