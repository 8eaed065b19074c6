"""The check of the informers' rules finds what is planted."""

from tests.architecture import rules_table, source

TESTS = {"tests/a/test_b.py::test_c"}
ANSWERED = "| rule | what | answer |\n|---|---|---|\n| 1.1.1 | Beats. | tests/a/test_b.py::test_c |\n"
REASONED = "| 1.1.2 | Panics. | Python has no such thing, the exception ends the thread. |\n"


def violations(text):
    """Check a table that should answer the two rules of these tests."""
    return rules_table.violations(text, TESTS, ("1.1.1", "1.1.2"))


def test_a_test_or_a_reason_is_an_answer():
    """Each rule has one row, with a test that exists or a reason."""
    assert violations(ANSWERED + REASONED) == []


def test_a_missing_a_doubled_and_an_unknown_rule_are_found():
    """The table holds each rule once and nothing else."""
    assert violations(ANSWERED) == ["rule 1.1.2 has 0 rows instead of one"]
    assert violations(ANSWERED + REASONED + REASONED) == ["rule 1.1.2 has 2 rows instead of one"]
    assert violations(ANSWERED + REASONED + REASONED.replace("1.1.2", "1.1.3")) == ["there is no rule 1.1.3"]


def test_a_test_that_does_not_exist_is_found():
    """A renamed test does not stay in the table."""
    assert violations(ANSWERED.replace("test_c", "test_d") + REASONED) == [
        "rule 1.1.1 names tests/a/test_b.py::test_d, which does not exist"
    ]


def test_an_empty_answer_is_found():
    """A row without test needs a reason that says something."""
    assert violations(ANSWERED + "| 1.1.2 | Panics. | n/a |\n") == ["rule 1.1.2 names no test and gives no reason: 'n/a'"]


def test_tests_are_named_as_pytest_names_them():
    """Functions, and methods with their class."""
    module = source.Module("tests/test_x.py", "def test_a(): pass\nclass TestB:\n    def test_c(self): pass\n")
    assert rules_table.names_of_tests([module]) == {
        "tests/test_x.py::test_a",
        "tests/test_x.py::TestB",
        "tests/test_x.py::TestB::test_c",
    }


def test_all_rules_of_the_four_parts_are_asked_for():
    """Twenty rules of the reflector, nine of its queue, five of the store, nine of the shared informer."""
    assert len(rules_table.RULES) == 43
    assert {"2.1.1", "2.1.20", "2.2.9", "2.3.5", "2.4.9"} <= set(rules_table.RULES)
