"""What the tests of a library over time share: its articles, sources and ids."""

TEXT = (
    "# Ferry returns\n\nThe ferry Marsh Wren returned to Molde on 3 May 2025 with 84 people. She "
    "had been away for two years, and the quay was rebuilt meanwhile by nine workers from Voss. "
    "The mayor cut a ribbon, a choir sang three songs, and the first crossing took 11 minutes.\n"
)


def sources(library):
    return {entry.source: set(entry.sources) for entry in library.catalogue.entries()}


def ids(library):
    return {entry.source: entry.id for entry in library.catalogue.entries()}


def report(number):
    keeper = ("Anna", "Bea", "Cora", "Dora", "Elin")[number % 5]
    return (
        f"---\npublisher: Valley Wire\n---\n# Report {number}\n\nIn year {number} the glacier "
        f"lost {number * 7} metres, its keeper {keeper} said.\n\n"
        "Write to our newsroom with your own story.\n"
    )
