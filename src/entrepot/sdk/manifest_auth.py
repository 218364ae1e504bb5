"""How a person gives permission at a service: the schemes of the manifest's `auth` section."""

from typing import Annotated, Literal

from pydantic import Field

from entrepot.sdk.manifest_terms import Duration, Name, Section, Url


class Asked(Section):
    """One thing the person is asked for. `secret` ones are sealed in the vault and never shown again."""

    name: Name
    label: str
    help: str = ""
    secret: bool = True
    optional: bool = False


class Scopes(Section):
    """Scopes asked for follow from what the person ticks; `always` go along with either."""

    always: list[str] = []
    read: list[str] = []
    write: list[str] = []
    separator: str = " "


class Scheme(Section):
    """What all schemes share."""

    help: str = ""
    ask: list[Asked] = []
    """What to ask the person, where it differs from what the scheme itself needs."""

    @property
    def asks(self) -> list[Asked]:
        """What the person has to give: `ask`, or what the scheme needs by itself."""
        return self.ask or self._needs()

    def _needs(self) -> list[Asked]:
        return []


class OAuth2(Scheme):
    """RFC 6749. The app registration (client id and secret) is the hub's, not the person's."""

    scheme: Literal["oauth2"]
    grants: list[Literal["authorization_code", "client_credentials", "password", "device_code"]] = [
        "authorization_code"
    ]
    authorize_url: Url | None = None
    token_url: Url
    revoke_url: Url | None = None
    device_url: Url | None = None
    issuer: Url | None = None
    """Who the service says it is: compared with the `iss` of its answer (RFC 9207), where it sends one."""
    scopes: Scopes = Scopes()
    pkce: Literal["S256", "plain", "none"] = "S256"
    client_auth: Literal["body", "basic"] = "body"
    token_format: Literal["form", "json"] = "form"  # noqa: S105 - a format, not a token
    """How the token request is written: as a form (the standard) or as JSON."""
    authorize_params: dict[str, str] = {}
    token_params: dict[str, str] = {}
    expires: Duration | Literal["never", "answer"] = "answer"
    """How long an access token lives, where the answer does not say; `never` makes a 401 mean "revoked"."""
    refresh_idle: Duration | None = None
    """A refresh token unused for so long dies; the hub refreshes before."""

    def _needs(self) -> list[Asked]:
        if self.grants == ["password"]:
            return [*_USER, _PASSWORD]
        return []


class ApiKey(Scheme):
    """A key in a header or in the query string."""

    scheme: Literal["api_key"]
    place: Literal["header", "query"] = "header"
    name: str = "Authorization"
    prefix: str = ""

    def _needs(self) -> list[Asked]:
        return [Asked(name="api_key", label="API key")]


class Bearer(Scheme):
    """A token the person pastes, sent as `Authorization: <prefix> <token>`."""

    scheme: Literal["bearer"]
    prefix: str = "Bearer"

    def _needs(self) -> list[Asked]:
        return [Asked(name="access_token", label="Access token")]


class Basic(Scheme):
    """A name and a password, often an app password."""

    scheme: Literal["basic"]

    def _needs(self) -> list[Asked]:
        return [*_USER, _PASSWORD]


class AwsSigV4(Scheme):
    scheme: Literal["aws_sigv4"]
    service: str
    region: str = ":region"
    """A region, or the setting that holds it."""

    def _needs(self) -> list[Asked]:
        return [
            Asked(name="access_key_id", label="Access key id", secret=False),
            Asked(name="secret_access_key", label="Secret access key"),
            Asked(name="session_token", label="Session token", optional=True),
        ]


class NoAuth(Scheme):
    """Public data: nothing is signed."""

    scheme: Literal["none"]


AnyScheme = Annotated[OAuth2 | ApiKey | Bearer | Basic | AwsSigV4 | NoAuth, Field(discriminator="scheme")]

_USER = (Asked(name="username", label="User name", secret=False),)
_PASSWORD = Asked(name="password", label="Password")
