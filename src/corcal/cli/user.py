"""``corcal user``: accounts of people who log in at a server."""

from pathlib import Path

import click

from corcal.cli import plain
from corcal.cli.store_options import data_option, opened

__all__ = ["command"]

_ROLES = ("admin", "reader", "viewer")


@click.group("user")
def command() -> None:
    """Add, list and change the accounts of a store."""


@command.command("add")
@click.argument("login")
@click.option("--role", type=click.Choice(_ROLES), default="reader", show_default=True)
@click.option("--name", help="As it stands under a report.")
@click.option("--no-password", is_flag=True, help="For who comes by sign-on.")
@data_option
def add(login: str, role: str, name: str | None, data: Path | None, *, no_password: bool) -> None:
    """Add an account; asks for its password."""
    from corcal.serve.passwords import hash_password
    from corcal.store.records import Role

    hashed = None if no_password else hash_password(_asked())
    with opened(data, must_exist=False) as store:
        made = store.users.add(login, Role(role), name=name, password_hash=hashed)
    click.echo(plain(f"added {made.login}, {made.role}"))


@command.command("list")
@data_option
def list_users(data: Path | None) -> None:
    """List the accounts."""
    with opened(data) as store:
        for one in store.users.all():
            state = "" if one.is_active else ", switched off"
            click.echo(plain(f"{one.login}, {one.role}{state}"))


@command.command("password")
@click.argument("login")
@data_option
def password(login: str, data: Path | None) -> None:
    """Set the password of an account; its sessions end."""
    from corcal.serve.passwords import hash_password
    from corcal.store.people import UserChange

    with opened(data) as store:
        user = store.users.get(login)
        store.users.change(user.login, UserChange(password_hash=hash_password(_asked())))
        store.logins.end_all(user.login)
    click.echo(plain(f"the password of {login} is set"))


@command.command("off")
@click.argument("login")
@data_option
def switch_off(login: str, data: Path | None) -> None:
    """Switch an account off: nobody logs in with it any more."""
    from corcal.store.people import UserChange

    with opened(data) as store:
        store.users.change(login, UserChange(is_active=False))
        store.logins.end_all(login)
    click.echo(plain(f"{login} is switched off"))


def _asked() -> str:
    """Ask for a password twice, without showing it."""
    found: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return found
