"""Answering without a model: the sentences of the sources that answer a question best."""
