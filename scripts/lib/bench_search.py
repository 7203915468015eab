"""The measuring half of scripts/bench-search: runs both sides on one table, and prints what they found and took."""

import argparse
import csv
import gzip
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import moocore
import numpy

import bench_search_peers as peers

EDGES = ["op_01", "op_02", "op_12", "op_03", "op_13", "op_23"]
MARKS = [25, 50, 100, 200, 400, 800]
# A peer that only repeats itself is given up after so many answers for each evaluation.
PATIENCE = 50
# Candidates of one iteration, and iterations timed.
WANTED = 5
REPEATS = 9


def main():
    arguments = parse()
    table = Table(arguments)
    names = ", ".join(arguments.objectives)
    print(f"CE-NAS beside {peers.VERSIONS}: {arguments.table.name}, {len(table.cells)} rows, {names}, reference {arguments.reference}")
    print(f"mean over {arguments.seeds} seeds, in percent of the maximum {table.maximum:.2f}, after so many distinct evaluations\n")
    marks = [mark for mark in MARKS if mark < arguments.evaluations] + [arguments.evaluations]
    print(f"{'':<18}" + "".join(f"{mark:>8}" for mark in marks) + f"{'CPU ms each':>14}{'ratio':>8}")
    first = None
    for name in arguments.searchers + arguments.peers:
        search = ours if name in arguments.searchers else theirs
        orders, seconds = search(name, table, arguments)
        each = seconds / sum(len(order) for order in orders)
        first = first or each
        found = "".join(f"{statistics.mean(table.percent(order[:mark]) for order in orders):>8.2f}" for mark in marks)
        print(f"{name:<18}{found}{each * 1e3:>14.2f}{each / first:>8.3f}", flush=True)
    print(f"\none iteration with {arguments.samples} samples known, median processor time of {REPEATS}")
    iterations(table, arguments)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench-search")
    for hidden in ("--ce-nas", "--timer"):
        parser.add_argument(hidden, required=True, help=argparse.SUPPRESS)
    for hidden in ("--scratch", "--table"):
        parser.add_argument(hidden, required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    words = lambda text: text.split(",")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--objectives", type=words, default=["test_acc_200:max", "edgegpu_energy_mj:min"])
    parser.add_argument("--reference", default="0,50")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--evaluations", type=int)
    parser.add_argument("--searchers", type=words, default=["surrogate", "lamoo-surrogate", "lamoo-evolution", "lamoo-random"])
    parser.add_argument("--peers", type=words, default=peers.NAMES)
    parser.add_argument("--population", type=int, default=50)
    parser.add_argument("--samples", type=int, default=1000)
    arguments = parser.parse_args()
    arguments.seeds = arguments.seeds or (3 if arguments.quick else 20)
    arguments.evaluations = arguments.evaluations or (100 if arguments.quick else 400)
    if unknown := set(arguments.peers) - set(peers.NAMES):
        parser.error(f"no peer {', '.join(sorted(unknown))}: there are {', '.join(peers.NAMES)}")
    return arguments


class Table:
    """Cells `[n, 6]` and objectives `[n, m]`, minimised."""

    def __init__(self, arguments):
        opened = gzip.open if arguments.table.suffix == ".gz" else open
        with opened(arguments.table, "rt", newline="") as file:
            rows = list(csv.DictReader(file))
        columns, directions = zip(*(wish.rsplit(":", 1) for wish in arguments.objectives))
        if missing := set(EDGES + list(columns)) - set(rows[0]):
            sys.exit(f"error: {arguments.table} has no column {', '.join(sorted(missing))}")
        turned = numpy.array([-1.0 if direction == "max" else 1.0 for direction in directions])
        self.cells = [tuple(int(row[edge]) for edge in EDGES) for row in rows]
        self.objectives = numpy.array([[float(row[column]) for column in columns] for row in rows]) * turned
        self.reference = numpy.array(list(map(float, arguments.reference.split(",")))) * turned
        self.rows = {cell: row for row, cell in enumerate(self.cells)}
        self.maximum = moocore.hypervolume(self.objectives, ref=self.reference)

    def percent(self, order):
        return 100 * moocore.hypervolume(self.objectives[order], ref=self.reference) / self.maximum


def ours(name, table, arguments):
    """The rows that each search trained, in order, and processor seconds, less what starting and reading takes."""
    run = lambda seeds, evaluations: searched(name, arguments, seeds, evaluations)
    orders, seconds = run(arguments.seeds, arguments.evaluations)
    return orders, max(0.0, seconds - run(1, 1)[1])


def searched(name, arguments, seeds, evaluations):
    path = arguments.scratch / "search.json"
    command = [arguments.ce_nas, "simulate", "search", "--table", arguments.table, "--objectives", ",".join(arguments.objectives)]
    command += [f"--reference={arguments.reference}", "--searcher", name, "--seeds", seeds, "--evaluations", evaluations]
    before = processor_s()
    done = subprocess.run([*map(str, command), "--threads", "1", "--json", str(path)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: {name} failed\n{done.stderr}")
    seconds = processor_s() - before
    return [run["order"] for run in json.loads(path.read_text())["runs"]], seconds


def processor_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def theirs(name, table, arguments):
    """As `ours`; a row that was seen is told again and not counted again."""
    orders, seconds = [], 0.0
    for seed in range(1, arguments.seeds + 1):
        began = time.process_time()
        peer = peers.make(name, seed, EDGES, table.objectives.shape[1], arguments.population)
        order = {}
        for _ in range(PATIENCE * arguments.evaluations // peer.batch + 1):
            rows = [table.rows[cell] for cell in peer.ask()]
            order.update(dict.fromkeys(rows))
            if len(order) >= arguments.evaluations:
                break
            peer.tell([table.objectives[row] for row in rows])
        seconds += time.process_time() - began
        orders.append(list(order)[: arguments.evaluations])
    return orders, seconds


def iterations(table, arguments):
    """Of ours, five candidates; of Optuna, five trials asked for and told; of pymoo, a generation."""
    path = arguments.scratch / "rows.csv"
    order = numpy.random.default_rng(1).permutation(len(table.cells))
    with open(path, "w") as file:
        for row in order:
            print(*table.cells[row], *table.objectives[row].tolist(), sep=",", file=file)
    reference = ",".join(map(repr, table.reference.tolist()))
    first = None
    for name in arguments.searchers:
        command = [arguments.timer, name, str(arguments.samples), str(REPEATS), reference, str(path)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        each = statistics.median(answer["nanoseconds"]) / 1e6
        first = first or each
        line(name, each, first, f"{WANTED} candidates")
    known = order[: arguments.samples]
    for name in arguments.peers:
        peer = peers.make(name, 1, EDGES, table.objectives.shape[1], arguments.population)
        if hasattr(peer, "begin_with"):
            peer.begin_with([table.cells[row] for row in known], table.objectives[known])
        each = statistics.median(turn(peer, table) for _ in range(REPEATS)) * 1e3
        line(name, each, first, f"{WANTED} trials" if peer.batch == 1 else f"a generation of {peer.batch}")


def turn(peer, table):
    began = time.process_time()
    for _ in range(WANTED if peer.batch == 1 else 1):
        peer.tell([table.objectives[table.rows[cell]] for cell in peer.ask()])
    return time.process_time() - began


def line(name, each, first, what):
    print(f"{name:<18}{each:>10.2f} ms{each / first:>8.3f}  {what}", flush=True)


if __name__ == "__main__":
    main()
