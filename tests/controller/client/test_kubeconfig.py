"""What a kubeconfig says before it is used, and what is wrong with one."""

import pytest
import yaml

from controller.client import kubeconfig

SECRET = "dG9wLXNlY3JldA"


def config(current="here", **changes):
    """A kubeconfig's document."""
    return {
        "current-context": current,
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "team"}},
            {"name": "there", "context": {"cluster": "c", "user": "plugin"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": "https://example.com"}}],
        "users": [{"name": "u", "user": {"token": SECRET}}, {"name": "plugin", "user": {"exec": {"command": "log-me-in"}}}],
        **changes,
    }


@pytest.fixture
def write(tmp_path):
    """Return a function that writes documents, or text, and returns the path of the files."""

    def write_all(*documents):
        paths = []
        for number, document in enumerate(documents):
            paths.append(tmp_path / f"config-{number}")
            paths[-1].write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return ":".join(map(str, paths))

    return write_all


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, kubeconfig.Context("here", "team", "")),
        ("here", kubeconfig.Context("here", "team", "")),
        ("there", kubeconfig.Context("there", "default", "log-me-in")),
    ],
)
def test_a_context_is_found(write, name, expected):
    """By name, or as the current one; its namespace is "default" unless it says otherwise."""
    assert kubeconfig.find_context(write(config()), name) == expected


def test_of_several_files_the_first_counts(write):
    """As kubectl merges $KUBECONFIG; files that are missing are passed over."""
    paths = write({"current-context": "there"}, config())
    assert kubeconfig.find_context(f"{paths}:/does/not/exist", None).name == "there"


@pytest.mark.parametrize(
    ("document", "name", "problem"),
    [
        ("", None, "it is empty"),
        ("[1, 2]", None, "its content is no mapping"),
        (f"token: {SECRET}\n\t- no", None, "it is not YAML, see line 2"),
        (config(current=""), None, "no current context; choose one of its contexts: here, there"),
        (config(), "elsewhere", "no context 'elsewhere'; its contexts: here, there"),
        (config(clusters=[]), None, "means cluster 'c', which is not there"),
        (config(contexts=[{"context": {"token": SECRET}}]), None, "each entry of contexts needs a name"),
    ],
)
def test_what_is_wrong_is_said_without_quoting(write, document, name, problem):
    """The message names the file and the fault, and never quotes what may be a credential."""
    paths = write(document)
    with pytest.raises(kubeconfig.ConfigError) as caught:
        kubeconfig.find_context(paths, name)
    assert paths in str(caught.value)
    assert problem in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    """The message names the file."""
    with pytest.raises(kubeconfig.ConfigError, match=r"/nothing: there is no such file"):
        kubeconfig.find_context(str(tmp_path / "nothing"), None)
    with pytest.raises(kubeconfig.ConfigError, match="there is no such file"):
        kubeconfig.find_context(f"{tmp_path}/one:{tmp_path}/two", None)


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    """A folder in place of a file, for one."""
    with pytest.raises(kubeconfig.ConfigError, match="Is a directory"):
        kubeconfig.find_context(str(tmp_path), None)


def test_bytes_that_are_no_text(tmp_path):
    """The message says so."""
    path = tmp_path / "config"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(kubeconfig.ConfigError, match="it is not text"):
        kubeconfig.find_context(str(path), None)


def test_entries_are_taken_out_of_messages():
    """What a package says of an entry is kept up to the entry itself."""
    message = f"Invalid kube-config file. Expected key server in kube-config/clusters/{{'token': '{SECRET}'}}"
    assert kubeconfig.without_entries(message) == "Invalid kube-config file. Expected key server in kube-config/clusters"
