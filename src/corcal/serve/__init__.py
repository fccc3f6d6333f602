"""The review workstation: HTTP API, static screen, and the processes that score.

`corcal.serve.app.create_app` makes the application; everything that it does with exams is done by
`corcal.store`, `corcal.review` and `corcal.pipeline`: here are no numbers of its own.
"""
