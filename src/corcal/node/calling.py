"""How this node calls others: as who, with which certificate, and how long it waits."""

from corcal.interop.send.types import SendOptions, TlsFiles
from corcal.node.rules import NodeRules

__all__ = ["caller_options", "tls_files"]


def tls_files(rules: NodeRules) -> TlsFiles:
    """Give the files for encrypted connections to others."""
    if rules.tls is None:
        return TlsFiles()
    return TlsFiles(
        ca_file=rules.tls.server_ca, client_cert=rules.tls.certificate, client_key=rules.tls.key
    )


def caller_options(rules: NodeRules, *, answer_s: float, connect_s: float = 10.0) -> SendOptions:
    """Say how a question is asked, once."""
    return SendOptions(
        calling=rules.node.aet,
        attempts=1,
        answer_s=answer_s,
        connect_s=connect_s,
        tls=tls_files(rules),
    )
