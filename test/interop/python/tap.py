"""TAP, as the tests of the other languages print it."""


def expect(condition: bool, what: str):
    if not condition:
        raise AssertionError(what)


def run(name: str, test):
    try:
        test()
        print(f"ok - {name}", flush=True)
    except Exception as error:  # noqa: BLE001 whatever it is, the test has failed
        said = " ".join(str(error).split())
        print(f"not ok - {name}\n# {type(error).__name__}: {said}", flush=True)
