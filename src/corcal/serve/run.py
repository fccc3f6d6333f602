"""Run a server: the socket first, then the link, then the browser."""

import logging
import socket
import threading
import webbrowser
from collections.abc import Callable

from corcal.errors import InputError
from corcal.serve.settings import Mode, Settings

__all__ = ["run_server"]

_BACKLOG = 2048


def run_server(
    settings: Settings,
    *,
    say: Callable[[str], None],
    open_browser: bool,
    tls: tuple[str, str] | None = None,
    proxies: str | None = None,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    settings : Settings
        Of the server.
    say : callable
        Takes the lines for the person who started it.
    open_browser : bool
        Open the one-time link in this machine's browser.
    tls : (certificate, key), optional
        Files; without them a proxy in front has to do HTTPS.
    proxies : str, optional
        Addresses whose forwarded headers are believed.

    Raises
    ------
    InputError
        If the address cannot be listened at.
    """
    import uvicorn

    listening = _socket(settings)
    from corcal.serve.app import create_app
    from corcal.serve.patience import PatientProtocol

    app = create_app(settings)
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        access_log=False,  # ours has no queries and no names
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
    )
    server = uvicorn.Server(config)
    address = _address(settings, is_tls=tls is not None)
    if settings.mode is Mode.PERSONAL:
        link = f"{address}/start/{app.state.services.start.token}"
        say(f"corcal runs at {address}\nOpen this link; it works once:\n\n    {link}\n")
        if open_browser:
            threading.Thread(target=_browse, args=(server, link), daemon=True).start()
    else:
        say(f"corcal runs at {address}; people log in with their accounts")
    logging.getLogger("corcal.serve").info("serving at port %d", settings.port)
    server.run(sockets=[listening])


def _socket(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(_BACKLOG)
    except OSError as exc:
        listening.close()
        msg = f"cannot listen at port {settings.port} of {settings.host}: {exc.strerror}"
        raise InputError(msg) from exc
    return listening


def _address(settings: Settings, *, is_tls: bool) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if is_tls else 'http'}://{host}:{settings.port}"


def _browse(server: object, link: str) -> None:
    """Open the link once the server answers."""
    import time

    until = time.monotonic() + 30
    while not getattr(server, "started", False) and time.monotonic() < until:
        time.sleep(0.05)
    webbrowser.open(link)
