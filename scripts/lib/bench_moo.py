"""The measuring half of scripts/bench-moo: makes the points, asks both sides in turn, compares times and values."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import moocore
import numpy

REFERENCE = 1.1
# Both sides sum in different orders; what differs by more is wrong.
AGREEMENT = 1e-9
# One turn of one side lasts about this long, so that a line of slow calls takes no longer than one of quick ones.
TURN_S = 0.02

# Operation, objectives, points.
LINES = [
    *[("hypervolume", m, n) for m, n in [(2, 1000), (3, 1000), (4, 1000), (5, 1000), (6, 100), (7, 50)]],
    *[("contributions", m, n) for m, n in [(2, 1000), (3, 1000), (4, 100), (5, 50)]],
    *[("non_dominated", m, 1000) for m in (2, 3, 4)],
    *[("ranks", m, 1000) for m in (2, 3, 4)],
]
FRONTS = ["concave", "convex", "linear"]
# Layers beneath the front, where asking who dominates whom has an answer.
CLOUDS = ["uniform"]


def main():
    arguments = parse()
    dice = numpy.random.default_rng(arguments.seed)
    arguments.points.mkdir(parents=True, exist_ok=True)
    ours = Ours(arguments.timer)
    print(f"moo beside moocore {moocore.__version__}, seed {arguments.seed}, medians of {arguments.rounds} turns each, reference {REFERENCE}")
    print(f"an empty call of moocore, one point in two objectives: {overhead_us():.1f} µs, contained in its times\n")
    print(f"{'operation':<14} {'m':>2} {'points':>6}  {'front':<8} {'moo µs':>11} {'moocore µs':>11} {'ratio':>6}  values")
    wrong = 0
    known = {}
    for operation, m, n in LINES:
        for kind in FRONTS if operation in ("hypervolume", "contributions") else CLOUDS + FRONTS[:1]:
            path = arguments.points / f"{kind}-{m}-{n}.csv"
            if path not in known:
                known[path] = make(dice, kind, n, m)
                write(path, known[path])
            wrong += not compare(ours, operation, kind, known[path], path, arguments.rounds)
    print()
    for m in (2, 3, 4, 5):
        score_table(ours, dice, m, arguments)
    sys.exit(f"FAILED: {wrong} lines of other values" if wrong else 0)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench-moo")
    parser.add_argument("--timer", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--points", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Ours:
    """The program that times our side, one request a line."""

    def __init__(self, timer):
        self.process = subprocess.Popen([timer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, operation, m, repeats, *paths):
        """The seconds of each repeat, and the values."""
        reference = ",".join([str(REFERENCE)] * m)
        print(operation, reference, repeats, *paths, file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        return [nanoseconds / 1e9 for nanoseconds in answer["nanoseconds"]], numpy.array(answer["values"])


def theirs(operation, points):
    """A call without arguments that does the operation, everything else done before."""
    reference = numpy.full(points.shape[1], REFERENCE)
    if operation == "hypervolume":
        indicator = moocore.Hypervolume(ref=reference)
        return lambda: indicator(points)
    if operation == "contributions":
        return lambda: moocore.hv_contributions(points, ref=reference)
    if operation == "non_dominated":
        return lambda: moocore.is_nondominated(points, keep_weakly=True)
    return lambda: moocore.pareto_rank(points)


def clock(call, repeats):
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


def overhead_us():
    return statistics.median(clock(theirs("hypervolume", numpy.full((1, 2), 0.5)), 2000)) * 1e6


def compare(ours, operation, kind, points, path, rounds):
    """Prints one line; whether the values agree."""
    n, m = points.shape
    call = theirs(operation, points)
    expected = numpy.atleast_1d(call())
    if operation == "non_dominated":
        expected = numpy.flatnonzero(expected)
    # The first answers are not counted: they read the file and say how many repeats make a turn.
    once, found = ours.ask(operation, m, 1, path)
    repeats = max(1, int(TURN_S / once[0]))
    their_repeats = max(1, int(TURN_S / clock(call, 2)[1]))
    our_times, their_times = [], []
    for _ in range(rounds):
        our_times += ours.ask(operation, m, repeats, path)[0]
        their_times += clock(call, their_repeats)
    us, them = statistics.median(our_times) * 1e6, statistics.median(their_times) * 1e6
    agree = agrees(found, expected)
    print(f"{operation:<14} {m:>2} {n:>6}  {kind:<8} {us:>11.1f} {them:>11.1f} {us / them:>6.2f}  {'agree' if agree else 'DIFFER'}", flush=True)
    return agree


def agrees(found, expected):
    """Relative to the largest value: a tiny contribution is a difference of large volumes."""
    if found.shape != expected.shape:
        return False
    scale = max(numpy.abs(expected).max(), numpy.abs(found).max(), 1e-300) if expected.size else 1
    return bool((numpy.abs(found - expected) <= AGREEMENT * scale).all())


def score_table(ours, dice, m, arguments):
    """What moocore has no call for: how much each cell of a table would add to an archive."""
    front = write(arguments.points / f"front-{m}.csv", make(dice, "concave", 100, m))
    table = write(arguments.points / f"table-{m}.csv", dice.random((15_625, m)))
    times, _ = ours.ask("gains", m, arguments.rounds, front, table)
    print(f"gains of 15,625 points against an archive of 100, {m} objectives: {statistics.median(times) * 1e3:.2f} ms")


def make(dice, kind, n, m):
    """`[n, m]`, mutually non-dominated unless uniform; float64 and contiguous."""
    if kind == "uniform":
        return dice.random((n, m))
    if kind == "linear":
        points = dice.exponential(size=(n, m))
        return points / points.sum(axis=1, keepdims=True)
    points = numpy.abs(dice.normal(size=(n, m)))
    points /= numpy.linalg.norm(points, axis=1, keepdims=True)
    return points if kind == "concave" else 1 - points


def write(path, points):
    """With digits enough to read the same numbers back."""
    numpy.savetxt(path, points, delimiter=",", fmt="%.17g")
    return path


if __name__ == "__main__":
    main()
