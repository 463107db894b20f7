"""Workers for the frames of Thingscope cameras."""

from .worker import Frame, GiveUp, run_worker, worker

__all__ = ["Frame", "GiveUp", "run_worker", "worker"]
