"""The helper as programs use it: in a process of its own, started as a worker starts it."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

PACKAGE = pathlib.Path(__file__).resolve().parent.parent


class Worker:
    """What a worker lays out for a program, and hears of it."""

    def __init__(self, **changes):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        for name in ("checkpoint", "artifacts", "supernet"):
            (self.folder / name).mkdir()
        self.order = {
            "version": 1,
            "kind": "full",
            "epochs": 3,
            "architecture": {"text": "layers=2", "genes": [1], "values": {"layers": 2}},
            "seed": 7,
            "data": {"path": "images"},
            "objectives": ["error", "parameters"],
            "device": "cpu",
            "threads": 2,
            "checkpoint": str(self.folder / "checkpoint"),
            "checkpoint_wanted": str(self.folder / "wanted"),
            "artifacts": str(self.folder / "artifacts"),
            "supernet": str(self.folder / "supernet"),
            **changes,
        }
        (self.folder / "task.json").write_text(json.dumps(self.order))

    def start(self, body):
        program = "import ce_nas, sys, time\nwith ce_nas.task() as task:\n" + textwrap.indent(textwrap.dedent(body), "    ")
        environment = {**os.environ, "CE_NAS_TASK": str(self.folder / "task.json"), "PYTHONPATH": str(PACKAGE)}
        return subprocess.Popen(
            [sys.executable, "-c", program],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, body):
        process = self.start(body)
        out, err = process.communicate(timeout=60)
        return process.returncode, [json.loads(line) for line in out.splitlines()], err

    def close(self):
        self._folder.cleanup()


class TaskTest(unittest.TestCase):
    def worker(self, **changes):
        worker = Worker(**changes)
        self.addCleanup(worker.close)
        return worker

    def test_a_training_is_reported(self):
        code, said, err = self.worker().run("""
            assert (task.kind, task.epochs, task.seed, task.architecture.values["layers"]) == ("full", 3, 7, 2)
            assert task.checkpoint is None and not task.wants_checkpoint() and task.device == "cpu"
            print("this is talk")
            task.report(epoch=1, training_loss=0.5)
            task.report(done=0.5)
            task.finish(validation_error=0.25, parameters=12)
        """)
        self.assertEqual(code, 0, err)
        self.assertEqual(
            said,
            [
                {"type": "progress", "epoch": 1, "training_loss": 0.5},
                {"type": "progress", "done": 0.5},
                {"type": "result", "validation_error": 0.25, "parameters": 12},
            ],
        )
        self.assertIn("this is talk", err)

    def test_what_is_not_a_number_is_passed_on(self):
        _, said, _ = self.worker().run("task.report(epoch=1, training_loss=float('nan'))")
        self.assertNotEqual(said[0]["training_loss"], said[0]["training_loss"])

    def test_asked_to_stop_it_saves_and_leaves(self):
        worker = self.worker()
        body = """
            task.report(epoch=1)
            while not task.should_stop():
                time.sleep(0.01)
            assert task.wants_checkpoint()
            task.save(lambda folder: (folder / "epoch").write_text("1"))
            raise AssertionError("it should have left")
        """
        process = worker.start(body)
        self.assertIn("progress", process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out.strip()), (75, '{"type": "checkpoint"}'), err)
        code, _, err = worker.run("""
            assert (task.checkpoint / "epoch").read_text() == "1"
            task.save(lambda folder: (folder / "other").write_text("2"))
            assert [path.name for path in task.checkpoint.iterdir()] == ["other"]
        """)
        self.assertEqual(code, 0, err)

    def test_a_wanted_checkpoint_is_waited_for(self):
        worker = self.worker()
        wanted = worker.folder / "wanted"
        wanted.touch()
        process = worker.start("""
            assert task.wants_checkpoint()
            task.save(lambda folder: (folder / "epoch").write_text("1"))
            task.report(epoch=2)
        """)
        self.assertIn("checkpoint", process.stdout.readline())
        time.sleep(0.2)
        self.assertIsNone(process.poll(), "it leaves its folder alone until it was copied")
        wanted.unlink()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn('"epoch": 2', out)

    def test_a_checkpoint_half_written_replaces_nothing(self):
        worker = self.worker()
        worker.run('task.save(lambda folder: (folder / "epoch").write_text("1"))')
        code, said, _ = worker.run('task.save(lambda folder: sys.exit(3))')
        self.assertEqual((code, said), (3, []))
        code, _, err = worker.run('assert (task.checkpoint / "epoch").read_text() == "1"')
        self.assertEqual(code, 0, err)

    def test_refusals_and_accidents_are_told_apart(self):
        code, said, err = self.worker().run("raise ce_nas.Refused('no such layer')")
        self.assertEqual((code, said, err.strip()), (65, [], "no such layer"))
        code, _, err = self.worker().run("raise ValueError('a mistake')")
        self.assertEqual(code, 1)
        self.assertIn("ValueError: a mistake", err)

    def test_another_version_and_no_worker_are_named(self):
        code, _, err = self.worker(version=2).run("pass")
        self.assertEqual(code, 1)
        self.assertIn("version 1, the worker 2", err)
        environment = {name: value for name, value in os.environ.items() if name != "CE_NAS_TASK"}
        program = "import ce_nas\nwith ce_nas.task(): pass"
        ran = subprocess.run(
            [sys.executable, "-c", program], env={**environment, "PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True
        )
        self.assertIn("evaluation.command", ran.stderr)

    def test_a_supernet_has_no_architecture(self):
        code, _, err = self.worker(kind="supernet", architecture=None).run("assert not task.architecture.genes")
        self.assertEqual(code, 0, err)


if __name__ == "__main__":
    unittest.main()
