"""What a model is asked to do with a benchmark: complete, translate, comment, or write tests.

Each task makes the prompts of its problems (`requests`) and judges what came back (`judge`); `opening` makes one by
name.
"""
