"""Work on untrusted input, in child processes with a time and a memory limit."""

from worker.sandbox.processes import ProcessSandbox, SandboxLimits

__all__ = ["ProcessSandbox", "SandboxLimits"]
