"""What Health calls things, in the words of the standards: Open mHealth schemas, FIT sports, plain units."""

import re

MEASURES = {
    "HKQuantityTypeIdentifierActiveEnergyBurned": "calories-burned",
    "HKQuantityTypeIdentifierBloodGlucose": "blood-glucose",
    "HKQuantityTypeIdentifierBodyFatPercentage": "body-fat-percentage",
    "HKQuantityTypeIdentifierBodyMass": "body-weight",
    "HKQuantityTypeIdentifierBodyMassIndex": "body-mass-index",
    "HKQuantityTypeIdentifierBodyTemperature": "body-temperature",
    "HKQuantityTypeIdentifierHeartRate": "heart-rate",
    "HKQuantityTypeIdentifierHeight": "body-height",
    "HKQuantityTypeIdentifierOxygenSaturation": "oxygen-saturation",
    "HKQuantityTypeIdentifierRespiratoryRate": "respiratory-rate",
    "HKQuantityTypeIdentifierStepCount": "step-count",
    "HKCorrelationTypeIdentifierBloodPressure": "blood-pressure",
}
"""https://www.openmhealth.org/documentation/#/schema-docs/schema-library: what has no schema keeps Health's name."""

SYSTOLIC = "HKQuantityTypeIdentifierBloodPressureSystolic"
DIASTOLIC = "HKQuantityTypeIdentifierBloodPressureDiastolic"

_SPORTS = {
    "cycling": "cycling",
    "downhill_skiing": "alpine_skiing",
    "climbing": "rock_climbing",
    "paddle_sports": "paddling",
    "skating_sports": "inline_skating",
    "equestrian_sports": "horseback_riding",
    "surfing_sports": "surfing",
    "other": "generic",
}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_METRES = {"m": 1.0, "km": 1000.0, "cm": 0.01, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
_SECONDS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "hr": 3600.0}
_KILOCALORIES = {"kcal": 1.0, "Cal": 1.0, "cal": 0.001, "kJ": 1 / 4.184, "J": 0.001 / 4.184}


def sport_of(activity: str) -> str:
    """`HKWorkoutActivityTypeCrossCountrySkiing` is `cross_country_skiing`, as FIT writes it."""
    name = _CAPITAL.sub("_", activity.removeprefix("HKWorkoutActivityType")).lower()
    return _SPORTS.get(name, name) or "generic"


def metres(amount: float, unit: str) -> float:
    return _scaled(amount, unit, _METRES, "distance")


def seconds(amount: float, unit: str) -> float:
    return _scaled(amount, unit, _SECONDS, "time")


def kilocalories(amount: float, unit: str) -> float:
    return _scaled(amount, unit, _KILOCALORIES, "energy")


def _scaled(amount: float, unit: str, table: dict[str, float], what: str) -> float:
    if unit not in table:
        raise ValueError(f"{unit!r} is no unit of {what} that is known")
    return round(amount * table[unit], 6)
