"""Everything that can go wrong between the service and a client, by one mechanism.

A fault says which exchanges it meets and what it does to their events. It is deterministic: it
meets the next `times` exchanges that match, or every `every`-th of them.

    in place of an answer
        connect-error        nobody is there
        drop-before-headers  the connection ends before an answer
        timeout              no answer, for an hour
        error                a refusal, be the request right or wrong; with `headers`
    about an answer
        delay                it comes `seconds` later, or whatever comes in its place
        wrong-content-type   it says that it is `text/plain`, or what `headers` say
        gzip                 it is compressed, whether the client can read that or not
        split-utf8           characters of several bytes are cut by the end of a write
    in mid-answer, behind `after` chunks; a whole answer is one chunk
        stall                silence for `seconds`: behind 0 chunks, between headers and first token
        malformed-chunk      JSON that is none
        truncated-chunk      half a chunk, and the connection ends
        drop                 the connection ends
    in a stream
        error-event          behind `after` chunks an error in the place of all that follows
        duplicate-chunk      the chunk behind `after` chunks comes twice
        keep-alive           SSE comments before all chunks behind `after` chunks
        misplaced-usage      the usage is in the chunk with the finish reason
        missing-usage        no usage, although it was asked for
        missing-done         no `[DONE]` at the end

Several may meet one exchange. Each acts on what those set before it have left: it counts their
chunks, and what the first dropped cannot be spoilt by the second. Of `error`, `connect-error`,
`drop-before-headers`, `timeout`, `drop`, `truncated-chunk` and `error-event`, which settle how an
exchange ends, only the first that matches meets it; the next one has its turn in the exchanges to
come. So has a fault that cannot happen: one of a stream where none was asked for or where an
`error` takes its place, one of an answer where there is none. A script's fault comes last.
After all of them, whenever it was set, `gzip` compresses what they leave.
"""

from qwensim.simulator.faults.fault import Fault, Kind, Values, error_of
from qwensim.simulator.faults.kinds import KINDS, Reach, check_headers
from qwensim.simulator.faults.queue import (
    FaultQueue,
    are_silent,
    error_in_stream,
    retry_after,
    transform,
    with_script,
)

__all__ = [
    "KINDS",
    "Fault",
    "FaultQueue",
    "Kind",
    "Reach",
    "Values",
    "are_silent",
    "check_headers",
    "error_in_stream",
    "error_of",
    "retry_after",
    "transform",
    "with_script",
]
