"""The house rules, held by machine: each test reads the repository and finds nothing that breaks its rule.

The checks are pure functions in tests/architecture, each with a test of its own there that plants a violation and finds it.
"""

import importlib
import pathlib

from tests.architecture import arrows, caps, house_of_tests, names, places, rules_table, source

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = source.load(ROOT, source.PACKAGES)
TESTS = source.load(ROOT, ["tests"])
BENCHMARKS = source.load(ROOT, ["benchmarks"])
EVERYTHING = [*MODULES, *TESTS, *BENCHMARKS]


def none(violations: list[str]) -> None:
    """Fail with all *violations*, one a line."""
    assert not violations, "\n" + "\n".join(violations)


def test_imports_run_left():
    """A package imports only what stands to its left; envtest shares no code with it; the demo is a user of the library."""
    none(arrows.against_arrows(MODULES))


def test_operators_do_not_know_each_other():
    """No operator imports another."""
    none(arrows.between_operators(MODULES))


def test_the_work_queue_is_stdlib_only():
    """The work queue imports nothing but the standard library."""
    none(arrows.beyond_stdlib(MODULES, "workqueue"))


def test_modules_are_imported_not_names():
    """Across packages modules are imported, so that every use reads module.Name."""
    none(arrows.names_across_packages(MODULES))


def test_no_import_cycles():
    """No module imports itself by a detour."""
    none(arrows.cycles(MODULES))


def test_time_is_read_in_one_place():
    """On the client side only the clock reads time or sleeps."""
    none(places.reads_of_time(MODULES))


def test_the_environment_is_read_in_few_places():
    """Only the modules that the design names read the environment."""
    none(places.reads_of_environment(MODULES))


def test_third_party_packages_have_owners():
    """kubernetes, prometheus_client, tenacity and their like are imported only by the module that owns them."""
    none(places.uses_of_owned_packages(MODULES))


def test_broad_excepts_are_counted():
    """Everything is caught only around a worker's reconcile and around a thread's body."""
    none(places.broad_excepts(MODULES))


def test_modules_are_short():
    """No module is longer than the cap, tests included."""
    none(caps.long_modules(EVERYTHING))


def test_functions_are_short():
    """No function is longer than the cap."""
    none(caps.long_functions([*MODULES, *BENCHMARKS]))


def test_functions_take_few_parameters():
    """No function takes more than five parameters."""
    none(caps.many_parameters([*MODULES, *BENCHMARKS]))


def test_file_names_say_something():
    """No file is called utils, helpers, common or base."""
    none(caps.forbidden_names(EVERYTHING))


def test_nothing_is_left_unfinished():
    """No module says of itself that something is still to do."""
    none(caps.unfinished([*MODULES, *BENCHMARKS]))


def test_the_facade_is_sorted_and_resolves():
    """The facade exports about 25 names, sorted, and each is there."""
    facade = next(module for module in MODULES if module.path == "controller/__init__.py")
    exported = caps.exports(facade)
    assert exported == sorted(set(exported), key=caps.export_order)
    assert 15 <= len(exported) <= 30
    package = importlib.import_module("controller")
    none([name for name in exported if not hasattr(package, name)])


def test_names_in_docstrings_resolve():
    """Every name in backticks inside a docstring means something."""
    none(names.unresolved(MODULES, ROOT))


def test_every_informer_rule_is_answered():
    """Each upstream rule of reflector, queue, store and shared informer has a row with tests that exist, or a reason."""
    text = (ROOT / "docs/informer-rules.md").read_text(encoding="utf-8")
    none(rules_table.violations(text, rules_table.names_of_tests(TESTS)))


def test_every_test_states_its_behaviour():
    """Each test function has a docstring."""
    none(house_of_tests.without_docstring(TESTS))


def test_no_test_is_skipped():
    """No test is skipped or expected to fail."""
    none(house_of_tests.skips(TESTS))


def test_our_code_is_not_patched():
    """Tests pass doubles as arguments and patch nothing of ours."""
    none(house_of_tests.patches(TESTS))


def test_tests_are_not_packages():
    """No folder under tests is a regular package: it would shadow the one that it mirrors."""
    none(house_of_tests.packages([module.path for module in TESTS]))
