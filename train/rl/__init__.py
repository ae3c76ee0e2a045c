"""Reinforcement learning with verifiable reward: programs are sampled, run in the jail, and what passes is reinforced.

`loop` is the run; `estimators`, `policy_loss` and `kl` are its mathematics, as pure functions; `toy` is a task on which
a small model learns in a minute.
"""
