"""What a training program of your own needs to work for CE-NAS.

::

    import ce_nas

    with ce_nas.task() as task:
        model, start = build(task.architecture), 0
        if task.checkpoint:
            start = restore(model, task.checkpoint)
        for epoch in range(start + 1, task.epochs + 1):
            loss, error = train(model)
            task.report(epoch=epoch, training_loss=loss, validation_error=error)
            if task.wants_checkpoint():
                task.save(lambda folder: save(model, epoch, folder))
        task.finish(validation_error=error, test_error=test(model))
"""

from ._task import REFUSED, STOPPED, Architecture, NoTask, Refused, Task, task

__all__ = ["REFUSED", "STOPPED", "Architecture", "NoTask", "Refused", "Task", "task"]
