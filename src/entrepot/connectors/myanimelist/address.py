"""Where a title stands on the site."""


def address_of(medium: str, number: object) -> str:
    return f"https://myanimelist.net/{medium}/{number}"
