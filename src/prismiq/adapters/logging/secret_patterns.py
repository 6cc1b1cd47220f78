"""What secrets look like, in names and in running text."""

import re

MASK = "***"

_WORDS = re.compile(
    "passw|passphrase|pwd|secret|token|apikey|accesskey|privatekey|authorization|credential|cookie"
    "|sessionid|jwt"
)
_WHOLE_NAMES = {"auth", "bearer", "pass"}
_WEB = ("http", "https")
_SPACES = re.compile(r"(\s+)")
_SEPARATORS = re.compile(r"[^a-z0-9]+")

# Quantifiers are possessive or bounded: no text may keep the event loop busy.
_KEY = (
    r"(?:passw|passphrase|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key"
    r"|credential|session[-_ ]?id|jwt)[\w.-]{0,64}+"
)
_HEADER = r"(?:set-)?cookie2?|(?:proxy-)?authorization"
# "key=", "key: ", "'key': ", "(b'key', b" and "KEY '", as SQL has it.
_IS = r"""(?:["']?\s*(?:=>|[=:])\s*|["']\s*,\s*|\s+(?=["']))b?"""
# A quote behind any number of backslashes is not the end: texts are quoted again and again.
_QUOTED = r""" "(?:[^"\\]|\\+.)*+"|'(?:[^'\\]|\\+.)*+'|["'].* """.strip()

TRACES = re.compile(
    r"://|passw|passphrase|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key"
    r"|authorization|credential|cookie|session[-_ ]?id|jwt|bearer|basic\s|eyj|gh[opsu]_|github_pat_"
    r"|glpat-|xox[abeprs]-|akia|asia|sk[-_]|rk_|aiza"
)
"""Text in lower case that does not match this holds no secret that has a form."""

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, flags, replacement in (
        (
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
            re.DOTALL,
            MASK,
        ),
        (rf"((?:{_HEADER}){_IS})(?:{_QUOTED}|[^\r\n]+)", re.IGNORECASE, rf"\1{MASK}"),
        (r"\b(bearer|negotiate)\s+[\w.~+/=:-]+", re.IGNORECASE, rf"\1 {MASK}"),
        (r"\b([Bb]asic|BASIC)\s+(?=[a-z+/]*[A-Z0-9=])[\w+/]{6,}=*", 0, rf"\1 {MASK}"),
        (rf"({_KEY}{_IS})(?:{_QUOTED}|\S+)", re.IGNORECASE, rf"\1{MASK}"),
        (r"eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)*+", 0, MASK),
        (
            r"\b(?:gh[opsu]_|github_pat_|glpat-|xox[abeprs]-|sk[-_]|rk_|AKIA|ASIA|AIza)[\w-]{10,}",
            0,
            MASK,
        ),
    )
)
"""In this order, what to look for and what to put in its place."""


def without_passwords_of_urls(text: str) -> str:
    """Mask what stands between ``://`` and ``@`` where it must not be shown.

    A password ends at the last ``@`` before a space, since it may hold anything else unescaped.
    """
    parts = _SPACES.split(text)
    return "".join(_without_password(part) if "@" in part else part for part in parts)


def _without_password(part: str) -> str:
    scheme, mark, rest = part.partition("://")
    login, _, address = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    if not mark or "/" in user:
        return part
    if colon:
        return f"{scheme}://{user}:{MASK}@{address}"
    # Of databases this is a name; of web servers, for want of anything else, a token.
    return f"{scheme}://{MASK}@{address}" if scheme.lower().endswith(_WEB) else part


def names_a_secret(name: str) -> bool:
    """Whether a value of this name must not be shown, as ``X-Api-Key`` or ``dbPassword``."""
    plain = _SEPARATORS.sub("", name.lower())
    return plain in _WHOLE_NAMES or _WORDS.search(plain) is not None
