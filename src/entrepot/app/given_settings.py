"""Settings a person gives with `--set KEY=VALUE`, held against those a manifest declares."""

from collections.abc import Mapping, Sequence

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.manifest import Manifest


def check_settings(manifest: Manifest, settings: Mapping[str, str]) -> None:
    """Raises PersonMustFix for a name or a choice the manifest does not know, and for what is required and missing."""
    refuse_unknown([manifest], settings)
    for name, setting in manifest.settings.items():
        if setting.required and not settings.get(name):
            raise PersonMustFix(f"{manifest.name} needs the setting {name} ({setting.label}). Give --set {name}=….")
        if setting.choices and settings.get(name, "") not in {"", *setting.choices}:
            raise PersonMustFix(f"{name} may be {', '.join(setting.choices)}, not {settings[name]!r}.")


def refuse_unknown(manifests: Sequence[Manifest], settings: Mapping[str, str]) -> None:
    """Raises PersonMustFix for a name that none of the manifests knows."""
    unknown = next((name for name in settings if not any(name in one.settings for one in manifests)), None)
    if unknown is None:
        return
    if len(manifests) == 1:
        known = ", ".join(manifests[0].settings) or "none"
        raise PersonMustFix(f"{manifests[0].name} has no setting {unknown!r}. Settings it has: {known}.")
    known = "; ".join(f"{one.id}: {', '.join(one.settings)}" for one in manifests if one.settings) or "none"
    raise PersonMustFix(f"There is no setting {unknown!r} for what was recognised. Settings there are: {known}.")


def meant_for(manifest: Manifest, settings: Mapping[str, str]) -> dict[str, str]:
    """The defaults of a manifest with those of the settings that it knows, checked."""
    defaults = {name: setting.default for name, setting in manifest.settings.items() if setting.default}
    chosen = defaults | {name: value for name, value in settings.items() if name in manifest.settings}
    check_settings(manifest, chosen)
    return chosen
