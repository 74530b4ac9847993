"""What an exception of kafka-python says about a publication: definitely not in the log, or unknown.

Definite is only what the broker or the client refuses before anything is appended. Timeouts, lost connections, a
close with open batches, and errors after the append leave it open: in doubt, never failed.
"""

from typing import Final

from flowtrail_tracer._core.publishing import CLOSED, FAILED, IN_DOUBT

_DEFINITE: Final = frozenset(
    {
        "MessageSizeTooLargeError",
        "RecordListTooLargeError",
        "InvalidTopicError",
        "UnknownTopicOrPartitionError",
        "AuthorizationError",
        "InvalidRequiredAcksError",
        "InvalidTimestampError",
        "UnsupportedForMessageFormatError",
        "UnsupportedCompressionTypeError",
        "UnsupportedVersionError",
        "PolicyViolationError",
        "InvalidRecordError",
        "CorruptRecordError",
        "CorruptRecordException",
        "NotEnoughReplicasError",
        "ProducerFencedError",
        "InvalidProducerEpochError",
        "ProducerFenced",
        "InvalidTxnStateError",
        "TransactionAbortedError",
        "SecurityDisabledError",
        "TopicAuthorizationFailedError",
        "ClusterAuthorizationFailedError",
        "TransactionalIdAuthorizationFailedError",
    }
)


def outcome_of(error: BaseException) -> str:
    """Return `failed` for a definite refusal, else `in-doubt`."""
    return FAILED if any(kind.__name__ in _DEFINITE for kind in type(error).__mro__) else IN_DOUBT


def error_type(error: BaseException) -> str:
    """Return the error's type as `error.type` has it: a close with open batches, else the class's name."""
    if type(error).__name__ == "IllegalStateError" and "closed forcefully" in str(error):
        return CLOSED
    return type(error).__qualname__


def describe(error: BaseException) -> str:
    """Return type and message, at most 1,000 characters."""
    return f"{type(error).__qualname__}: {error}"[:1000]
