"""Instruction data of what curated runs hold: `write` makes the file, `tasks` a chat of a pair.

`prose` reads comments, `phrasings` has what is asked, `parallel` finds implementations of one thing in two languages,
`tested` finds functions with the tests that people wrote for them.
"""
