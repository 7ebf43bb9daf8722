"""A local page on which two pictures are fused: `mfjax serve`.

`app` has the routes and `guard` what every request and answer must have. Pictures that are sent lie in a `store`, a
`queue` of one worker fuses them by `fusing`, and the results lie in another store. `options` checks what a request asks
for, `looking` says what a file is, `views` draws what the page shows, `samples` renders scenes to try, and the folder
`page` has the page's own files. `server` starts it all.
"""
