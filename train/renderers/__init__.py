"""From rows of shards to training text: files with metadata, repositories, notebooks, fill-in-the-middle on characters.

Every choice is a function of a seed and a content_id. Special tokens are parts of their own (document.Special), so that
text which spells one stays text.
"""
