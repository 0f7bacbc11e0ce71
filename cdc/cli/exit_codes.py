"""Exit codes of `cdc`; also listed by `cdc --help`."""

OK = 0
"""Done, or stopped in order: offsets are durable."""

TASK_FAILED = 1
"""A task was FAILED when `cdc start` ended, or one had to be killed; or a command met an error."""

USAGE = 2
"""The command line or a config is wrong: nothing was started."""

INTERRUPTED = 130
"""A second signal ended everything at once; what was not acknowledged is read again next time."""

EPILOG = "exit codes: 0 done or stopped in order; 1 a task failed; 2 wrong usage or config; 130 second signal"
