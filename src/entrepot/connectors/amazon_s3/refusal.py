"""What S3 says when it refuses, as one of the seven errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

import re

from entrepot.core.errors import EntrepotError, NeedsConsent, PersonMustFix, TryLater
from entrepot.transport.message import Response

from .listing import namespace_of, read_xml

_REGION_HEADER = "x-amz-bucket-region"
_KEYS = frozenset({"ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"})
_CODE = re.compile(r"[A-Za-z]{1,50}")
"""One word: what a server could repeat of a credential is longer, or has other signs in it."""
_REGION = re.compile(r"[a-z]{2,20}(-[a-z0-9]{1,20}){0,4}")
_SLOW = frozenset({"SlowDown", "RequestTimeout", "OperationAborted"})


def refusal(response: Response, bucket: str) -> EntrepotError:
    code, region = _said(response)
    named = response.headers.get(_REGION_HEADER, "")
    there = named if _REGION.fullmatch(named) else region
    detail = f"{response.status} {code}"
    if response.status in {301, 307} or (
        there and code in {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
    ):
        where = f"lies in the region {there}: set region to {there}" if there else "lies in another region; set that"
        return PersonMustFix(f"The bucket {bucket} {where}.", detail=detail)
    if response.status == 404:
        return PersonMustFix(f"There is no bucket {bucket} at {response.place.partition('/')[0]}.", detail=detail)
    if code == "RequestTimeTooSkewed":
        return PersonMustFix("The clock of this machine is wrong by more than a quarter of an hour.", detail=detail)
    if code in _SLOW:
        return TryLater(f"{response.place} is busy.", detail=detail)
    if response.status == 403 or code in _KEYS:
        return NeedsConsent(
            f"The keys may not list the bucket {bucket} ({code or 'no reason given'}). Connect it with keys that may.",
            detail=detail,
        )
    return PersonMustFix(f"{response.place} refused to list the bucket {bucket} ({code}).", detail=detail)


def _said(response: Response) -> tuple[str, str | None]:
    """The code of the error, and the region where it names one."""
    root = read_xml(response.body)
    if root is None:
        return "", None
    space = namespace_of(root)
    code, region = (root.findtext(f"{space}{name}") or "" for name in ("Code", "Region"))
    return (code if _CODE.fullmatch(code) else ""), (region if _REGION.fullmatch(region) else None)
