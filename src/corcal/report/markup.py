"""HTML from Python, where text is escaped unless it was made here."""

from html import escape

__all__ = ["Markup", "joined", "tag"]

_VOID = {"br", "img", "meta"}


class Markup(str):
    """Text that is HTML already. Only this module makes it out of other text."""

    __slots__ = ()


def joined(*parts: str) -> Markup:
    """Join parts, escaping those that are not `Markup`."""
    return Markup("".join(p if isinstance(p, Markup) else escape(p, quote=True) for p in parts))


def tag(name: str, *children: str, **attributes: str | None) -> Markup:
    """Make an element.

    Parameters
    ----------
    name : str
        Of the element.
    *children : str
        Content; plain text is escaped, `Markup` is taken as it is.
    **attributes : str or None
        Escaped; ``None`` leaves the attribute out. A trailing underscore is dropped (``class_``),
        others become hyphens (``aria_label``).

    Returns
    -------
    Markup

    Examples
    --------
    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value, quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")
