"""Chat completions on the compatible path.

Every other wire on which a model talks is read into this form, and judged by its rules.
"""
