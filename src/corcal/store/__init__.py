"""Where exams live: patients, originals, results and their history, on disk and in a database.

`corcal.store.store.Store` is the way in; `records` is what it hands out, `tables` what is kept,
`folder` where the files are.
"""
