"""URLs, addresses and networks for rules.

What flows in: text. What flows out: maps with one entry that stand for a URL, an address or a network, and what can be asked of
them. Pure. Mirrors k8s.io/apiserver pkg/cel/library urls.go, ip.go and cidr.go.
"""

import ipaddress
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from envtest.embedded.apply.json_values import Value
from envtest.embedded.custom import formats

_URL: Final = "url.k8s.io"
_IP: Final = "ip.k8s.io"
_CIDR: Final = "cidr.k8s.io"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def _url(text: str) -> dict[str, str]:
    if not formats.has("uri", text):
        raise ValueError(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    return {_URL: text}


def _address(value: Value) -> _Address:
    text = value[_IP] if isinstance(value, dict) else value
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise ValueError(f'IP Address "{text}" parse error during conversion from string: {error}') from error


def _network(value: Value) -> _Network:
    text = value[_CIDR] if isinstance(value, dict) else value
    try:
        if "/" not in text:
            raise ValueError("no '/'")
        return ipaddress.ip_interface(text)
    except ValueError as error:
        raise ValueError(f'network address parse error during conversion from string: "{text}": {error}') from error


def _parses(parse: Callable[[Any], object], text: Value) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _ip_of(value: Value) -> dict[str, str]:
    """Return the address of text, or that of a network."""
    address = _network(value).ip if isinstance(value, dict) else _address(value)
    return {_IP: str(address)}


def _contains(value: Value, other: Value) -> bool:
    outer = _network(value).network
    if (isinstance(other, dict) and _CIDR in other) or (isinstance(other, str) and "/" in other):
        inner = _network(other).network
        return outer.version == inner.version and outer.prefixlen <= inner.prefixlen and inner.network_address in outer
    return _address(other) in outer


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "url": _url,
    "isURL": lambda text: formats.has("uri", text),
    "getScheme": lambda value: urlsplit(value[_URL]).scheme,
    "getHost": lambda value: urlsplit(value[_URL]).netloc.rpartition("@")[2],
    "getHostname": lambda value: urlsplit(value[_URL]).hostname or "",
    "getPort": lambda value: str(urlsplit(value[_URL]).port or ""),
    "getEscapedPath": lambda value: quote(urlsplit(value[_URL]).path, safe="/%:@!$&'()*+,;=~"),
    "getQuery": lambda value: parse_qs(urlsplit(value[_URL]).query, keep_blank_values=True),
    "ip": _ip_of,
    "isIP": lambda text: _parses(_address, text),
    "ip.isCanonical": lambda text: str(_address(text)) == text,
    "family": lambda value: _address(value).version,
    "isUnspecified": lambda value: _address(value).is_unspecified,
    "isLoopback": lambda value: _address(value).is_loopback,
    "isLinkLocalMulticast": lambda value: _address(value).is_multicast and str(_address(value)).startswith(("224.0.0.", "ff02:")),
    "isLinkLocalUnicast": lambda value: _address(value).is_link_local,
    "isGlobalUnicast": lambda value: (
        not (_address(value).is_multicast or _address(value).is_loopback or _address(value).is_unspecified)
    ),
    "cidr": lambda text: {_CIDR: str(_network(text))},
    "isCIDR": lambda text: _parses(_network, text),
    "containsIP": _contains,
    "containsCIDR": _contains,
    "prefixLength": lambda value: _network(value).network.prefixlen,
    "masked": lambda value: {_CIDR: str(_network(value).network)},
}
"""By name; a method is a function whose first argument stands before the dot."""
