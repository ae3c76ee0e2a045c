"""A jail for strangers' code, and verdicts on it that the code cannot forge.

    from train.sandbox.pool import Sandbox
    from train.sandbox.trial import Trial

    with Sandbox(workers=2) as sandbox:
        verdict = sandbox.judge(Trial(language="Python", ...))

`probe` tells which layers of the jail this machine allows. `limits` are what one run may use. `languages` is the table
of toolchains. Nothing here imports more than the standard library, so that a jail starts in milliseconds.
"""
