"""The words and signs that numbers, months and units are written with, in folded form."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_FIRSTS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
VALUES = {w: n for n, w in enumerate(_SMALL.split())} | {
    w: 10 * n for n, w in enumerate(_TENS.split(), 2)
}
SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "dozen": 12, "k": 1000, "mn": 10**6, "bn": 10**9, "tn": 10**12,
}  # fmt: skip
ORDINALS = {w: n for n, w in enumerate(_FIRSTS.split())} | {
    f"{w[:-1]}ieth": 10 * n for n, w in enumerate(_TENS.split(), 2)
}
MONTHS = {
    name: n
    for n, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
         "august aug", "september sep sept", "october oct", "november nov", "december dec"), 1
    )
    for name in names.split()
}  # fmt: skip
UNITS = {
    form: unit
    for unit, forms in {
        "%": "% percent", "pp": "pp", "$": "$ usd dollar dollars us$", "€": "€ eur euro euros",
        "£": "£ gbp pound-sterling", "¥": "¥ jpy yen", "₹": "₹ inr rupee rupees",
        "s": "second seconds sec secs", "min": "minute minutes min mins", "h": "hour hours hr hrs",
        "d": "day days", "w": "week weeks", "mo": "month months", "y": "year years",
        "decade": "decade decades", "century": "century centuries",
        "mm": "mm millimetre millimetres millimeter millimeters",
        "cm": "cm centimetre centimetres centimeter centimeters",
        "m": "m metre metres meter meters", "km": "km kilometre kilometres kilometer kilometers",
        "mi": "mile miles mi", "ft": "ft foot feet", "in": "inch inches", "yd": "yard yards",
        "g": "gram grams", "kg": "kg kilogram kilograms kilo kilos", "lb": "lb lbs",
        "t": "tonne tonnes", "ton": "ton tons", "pound": "pound pounds",
        "km/h": "km/h kmh kph", "mph": "mph", "°c": "°c celsius", "°f": "°f fahrenheit",
        "km2": "km2", "m2": "m2", "ha": "hectare hectares ha", "acre": "acre acres",
        "l": "litre litres liter liters", "w.": "watt watts", "kw": "kw kilowatt kilowatts",
        "mw": "mw megawatt megawatts", "gw": "gw gigawatt gigawatts", "kwh": "kwh", "mwh": "mwh",
        "gb": "gb gigabyte gigabytes", "mb": "mb megabyte megabytes", "times": "times",
    }.items()
    for form in forms.split()
}  # fmt: skip
