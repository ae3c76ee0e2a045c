"""Self-instruct: more instruction data of seed tasks, by a model behind an OpenAI-compatible endpoint.

After Wang et al. 2023 ("Self-Instruct", ACL): a model is shown tasks and asked for new ones, those that resemble one of
the pool are dropped, the model answers the rest, and what was made is shown in later prompts beside the seeds.
`rounds` is the loop; `seeds` what it begins with, `prompting` what is said to the model, `asking` how it is asked
once and not twice, `novelty` what is new, `checking` which answers are good.
"""
