"""BLEU of one generated comment, as CodeXGLUE's code-to-text benchmark counts it ("smoothed BLEU-4").

n-gram counts are sacrebleu's, on its 13a tokens (words and punctuation apart; `zh` for Chinese: characters), in lower
case. From them, for orders 1 to 4:

    BLEU = 100 exp( 1/4 sum_n log p_n  +  min(0, 1 - (r + 1) / (c + 1)) )
    p_1 = m_1 / t_1,   p_n = (m_n + 1) / (t_n + 1) for n > 1

m matches, t n-grams of the candidate, c and r lengths of candidate and reference. That is ORANGE's add-one
smoothing (Lin and Och 2004) with a brevity penalty smoothed by one, the formula of CodeXGLUE's evaluator. Deviation: it
parts words at every punctuation mark before tokenizing, so that a.b is three tokens there and one here.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from curate.errors import WrongUse

ORDERS = 4


@functools.cache
def _counter(tokenizer: str) -> Any:
    try:
        from sacrebleu.metrics import BLEU
    except ImportError:
        raise WrongUse(
            "comments are scored with sacrebleu, which is not installed: pip install 'codemill[eval]'"
        ) from None
    return BLEU(smooth_method="none", tokenize=tokenizer, lowercase=True, effective_order=True, max_ngram_order=ORDERS)


def sentence_bleu(candidate: str, reference: str, *, chinese: bool = False) -> float:
    """0 to 100. 0 for a candidate without one word of the reference, and for an empty one."""
    found = _counter("zh" if chinese else "13a").sentence_score(candidate, [reference])
    matches, totals, c, r = found.counts, found.totals, found.sys_len, found.ref_len
    if c == 0 or matches[0] == 0:
        return 0.0
    logs = [math.log(matches[0] / totals[0])]
    logs += [math.log((matches[n] + 1) / (totals[n] + 1)) for n in range(1, ORDERS)]
    return 100 * math.exp(sum(logs) / ORDERS + min(0.0, 1 - (r + 1) / (c + 1)))
