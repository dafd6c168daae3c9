"""Tell public IP addresses from all others.

Only addresses known to be globally reachable count as public. Sources: the IANA special-purpose
registries of IPv4 and IPv6, RFC 6890, RFC 6052 (NAT64), RFC 5214 (ISATAP). Python's own
`is_global` differs between versions and counts unassigned IPv6 ranges as global.
"""

import ipaddress

_IPV4_REFUSED = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
_IPV6_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_IPV6_REFUSED = [
    # Protocol assignments (with Teredo and ORCHID), documentation (twice), 6to4.
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""Upper 32 bits of an interface identifier whose lower 32 bits are an IPv4 address."""


def is_public(address: str) -> bool:
    """Return whether a literal IP address is reachable from the whole Internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return _is_public_ipv4(found)
    return _is_public_ipv6(found)


def _is_public_ipv4(address: ipaddress.IPv4Address) -> bool:
    return address.is_global and not any(address in network for network in _IPV4_REFUSED)


def _is_public_ipv6(address: ipaddress.IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    embedded = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _NAT64:
        return _is_public_ipv4(embedded)
    if address not in _IPV6_GLOBAL_UNICAST or any(address in net for net in _IPV6_REFUSED):
        return False
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return _is_public_ipv4(embedded)
    return address.is_global
