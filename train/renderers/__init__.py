"""From rows of shards to training text: files with metadata, repositories by path or by imports, one thing in several
languages, notebooks and scripts, commits, issues, fill-in-the-middle on characters.

Every choice is a function of a seed and a content_id. Special tokens are parts of their own (document.Special), so that
text which spells one stays text. train/rendering.py has the manners by name.
"""
