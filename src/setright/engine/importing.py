"""Lists of assets from elsewhere, as a file for `estate/`: CSV and JSON of an inventory, a certificate, an answer of WHOIS.

Sources: RFC 4180 (CSV), RFC 5280 (certificates), RFC 3912 and the registries' own words (WHOIS). Nothing is asked of the network.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import NamedTuple

import msgspec

from setright.engine.configuration import Configuration, Estate, Target
from setright.engine.error import EngineError
from setright.engine.witnesses import CANONICAL, OF_ENVIRONMENT, OF_EXPOSURE, OF_IMPORTANCE
from setright.model import Plain
from setright.policy.estate import Asset

HEADS = {  # what inventories call each field; the first that is there and not empty counts
    "name": ("name", "hostname", "host", "fqdn", "dns_name", "asset", "asset_name", "resource", "resource_id", "id", "ci_name"),
    "aliases": ("aliases", "alias", "ip", "ip_address", "private_ip", "public_ip", "fqdn", "dns_name", "arn", "serial", "id"),
    "environment": ("environment", "env", "stage", "used_for"),
    "organisation": ("organisation", "organization", "company", "subsidiary", "business_unit", "bu"),
    "owner": ("owner", "team", "owned_by", "assignment_group", "support_group", "managed_by", "technical_owner", "contact"),
    "importance": ("importance", "criticality", "business_criticality", "busines_criticality", "tier", "impact"),
    "exposure": ("exposure", "internet_facing", "visibility", "zone", "network_zone"),
    "tags": ("tags", "labels", "groups"),
    "url": ("url", "target"),
}
FIELDS = tuple(HEADS)
WORDS = {"environment": OF_ENVIRONMENT, "importance": OF_IMPORTANCE, "exposure": OF_EXPOSURE}
BEGIN = "-----BEGIN CERTIFICATE-----"
PEM = re.compile(rf"{BEGIN}.*?-----END CERTIFICATE-----", re.DOTALL)
WHOIS_NAME = re.compile(r"(?im)^\s*(?:domain name|domain|netname|inetnum|netrange|cidr|network)\s*:\s*(\S+)")
WHOIS_OWNER = re.compile(
    r"(?im)^\s*(?:registrant organi[sz]ation|orgname|org-name|organi[sz]ation|owner|registrant)\s*:\s*(.+?)\s*$"
)


class Inventory(NamedTuple):
    """What a list said, and what of it meant nothing: the columns nobody mapped, the words nobody knows, the rows left out."""

    estate: Estate
    columns: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class Columns(NamedTuple):
    """Columns by our field's name, before those that are usual; and how a URL is made of a row: ``ssh://ops@{name}``."""

    columns: Mapping[str, str] = {}
    url: str = ""


def read_inventory(text: str, source: str, mapping: Columns, configuration: Configuration) -> Inventory:
    """Raises EngineError for a text that is none of what can be read."""
    if BEGIN in text:
        return Inventory(Estate(assets=tuple(_certificates(text, source))))
    if text.lstrip().startswith(("[", "{")):
        return _table(_json(text, source), source, mapping, configuration)
    head = text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""
    if any(mark in head for mark in ",;\t") and not WHOIS_NAME.match(text):
        return _table(_csv(text), source, mapping, configuration)
    if found := _whois(text, source):
        return Inventory(Estate(assets=(found,)))
    raise EngineError(f"{source}: is neither CSV with a line of heads, nor JSON, nor a certificate in PEM, nor an answer of WHOIS")


def _json(text: str, source: str) -> list[dict[str, Plain]]:
    """A list of mappings, or the first list within a mapping."""
    try:
        told = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise EngineError(f"{source}: {error}") from error
    if isinstance(told, dict):
        told = next((value for value in told.values() if isinstance(value, list)), [told])
    rows = [row for row in told if isinstance(row, dict)]
    if not rows:
        raise EngineError(f"{source}: holds no list of assets; give a list of mappings")
    return rows


def _csv(text: str) -> list[dict[str, Plain]]:
    text = text.lstrip("\ufeff")
    head = text.splitlines()[0]
    mark = max(",;\t", key=head.count)
    return [{key: value for key, value in row.items() if key} for row in csv.DictReader(StringIO(text), delimiter=mark)]


def _table(rows: Sequence[Mapping[str, Plain]], source: str, mapping: Columns, configuration: Configuration) -> Inventory:
    heads = list(dict.fromkeys(key for row in rows for key in row))
    columns = {field: _columns(field, heads, mapping) for field in FIELDS}
    if not columns["name"]:
        raise EngineError(f"{source}: no column names the assets; say which: --map name=COLUMN (there are {', '.join(heads)})")
    assets, targets, strange, left = list[Asset](), list[Target](), dict[str, None](), list[str]()
    organisations = {name.casefold(): o.name for o in configuration.organisations for name in (o.name, *o.names)}
    for number, row in enumerate(rows, 1):
        told = {field: _value(field, row, columns[field], strange) for field in FIELDS}
        if not told["name"]:
            left.append(f"row {number} has no name")
            continue
        told["organisation"] = _organisation(told["organisation"], organisations, strange)
        if told["owner"] and not any(owner.is_called(told["owner"]) for owner in configuration.owners):
            strange[f"owner: {told['owner']} (kept; [[owners]] has nobody of that name)"] = None
        asset = _asset(told, row, columns, source)
        assets.append(asset)
        if url := told["url"] or _url(mapping.url, row, told["name"]):
            targets.append(Target(asset.name, url, environment=asset.environment, owner=""))
    used = {name for names in columns.values() for name in names}
    unused = tuple(head for head in heads if head not in used)
    return Inventory(Estate(tuple(targets), assets=tuple(assets)), unused, tuple(strange), tuple(left))


def _columns(field: str, heads: Sequence[str], mapping: Columns) -> list[str]:
    if field in mapping.columns:
        if mapping.columns[field] not in heads:
            raise EngineError(f"--map {field}={mapping.columns[field]}: there is no such column; there are {', '.join(heads)}")
        return [mapping.columns[field]]
    by_name = {re.sub(r"[\s.-]+", "_", head.strip().casefold()): head for head in heads}
    return [by_name[name] for name in HEADS[field] if name in by_name]


def _value(field: str, row: Mapping[str, Plain], columns: Sequence[str], strange: dict[str, None]) -> str:
    said = next((text for column in columns if (text := _text(row.get(column)))), "")
    if field not in WORDS or not said:
        return said
    word = CANONICAL.get(said.casefold(), CANONICAL.get(re.split(r"[\s-]+", said.casefold())[0], ""))
    if word not in WORDS[field]:
        strange[f"{field}: {said}"] = None
        return ""
    return word


def _organisation(said: str, known: Mapping[str, str], strange: dict[str, None]) -> str:
    if said and said.casefold() not in known:
        strange[f"organisation: {said}"] = None
    return known.get(said.casefold(), "")


def _asset(told: Mapping[str, str], row: Mapping[str, Plain], columns: Mapping[str, Sequence[str]], source: str) -> Asset:
    aliases = [text for column in columns["aliases"] for text in _several(row.get(column)) if text != told["name"]]
    tags = [text for column in columns["tags"][:1] for text in _several(row.get(column))]
    plain = {field: told[field] for field in ("name", "environment", "organisation", "owner", "importance", "exposure")}
    return msgspec.convert({**plain, "aliases": tuple(dict.fromkeys(aliases)), "tags": tuple(tags), "source": source}, Asset)


def _url(template: str, row: Mapping[str, Plain], name: str) -> str:
    return re.sub(r"\{([^{}]+)\}", lambda found: _text(row.get(found[1], name if found[1] == "name" else "")), template)


def _text(value: Plain) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _several(value: Plain) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}={each}" for key, each in value.items()]
    parts: Iterable[Plain] = value if isinstance(value, list) else re.split(r"[;,|\s]+", _text(value))
    return [text for part in parts if (text := _text(part))]


def _certificates(text: str, source: str) -> Iterator[Asset]:
    """The names that each certificate is for, as of the organisation that it was given to."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    for block in PEM.findall(text):
        try:
            certificate = x509.load_pem_x509_certificate(block.encode())
            given = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
            names = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            names += _alternatives(certificate)
        except ValueError as error:
            raise EngineError(f"{source}: a certificate in it cannot be read: {error}") from error
        if names:
            unique = list(dict.fromkeys(names))
            yield Asset(unique[0], tuple(unique[1:]), owner=given[0] if given else "", signal="certificate", source=source)


def _alternatives(certificate: Plain) -> list[str]:
    from cryptography import x509

    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))]


def _whois(text: str, source: str) -> Asset | None:
    names, owner = WHOIS_NAME.findall(text), WHOIS_OWNER.search(text)
    if not names:
        return None
    told = list(dict.fromkeys(name.lower() for name in names))
    covers = (*told[1:], *(f"*.{name}" for name in told if "." in name and not name[0].isdigit()))
    return Asset(told[0], covers, owner=owner[1] if owner else "", signal="whois", source=source)
