"""Made-up services with one habit or fault each, and what two of them make of what they are sent."""

from tests.sync.fake_remote import Fields, Knobs

from entrepot.core.kinds import KINDS


def tidy(fields: Fields) -> Fields:
    return {name: tidied(name, value) for name, value in fields.items()}


def tidied(name: str, value: object) -> object:
    match name, value:
        case "title", str():
            return value.strip().lower()
        case "keywords", list():
            return sorted({str(one).lower() for one in value})
        case "description", str():
            return value.rstrip()
    return value


def coarse(fields: Fields) -> Fields:
    """It knows days, and no descriptions."""
    return {name: coarsened(name, value) for name, value in fields.items()}


def coarsened(name: str, value: object) -> object:
    if name == "description":
        return ""
    return f"{value[:10]}T00:00:00" if name == "due" and isinstance(value, str) else value


HELD = frozenset(KINDS["task"].__struct_fields__) - {"description"}
SERVICES: dict[str, Knobs] = {
    "plain": Knobs(),
    "tidy": Knobs(normalise=tidy, project=tidied),
    "lossy": Knobs(normalise=coarse, project=coarsened, fields=HELD),
    "no versions": Knobs(versions=False),
    "late versions": Knobs(late_versions=True),
    "unconditional": Knobs(conditional=False),
    "our ids": Knobs(chooses_ids=False),
    "repeatable": Knobs(finds=False, repeatable=True, normalise=tidy, project=tidied),
    "by content": Knobs(finds=False),
    "listings": Knobs(feed=False, page=2),
    "lists without versions": Knobs(feed=False, versions=False, normalise=tidy, project=tidied),
    "lagging": Knobs(lag=2),
    "replaying": Knobs(replay=5, reverse=True),
    "bogus versions": Knobs(bogus_versions=True, replay=3),
}
