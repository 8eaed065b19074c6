"""The command line of `coxswain`, with the CPU time of every thread counted by what it went to.

What flows in: a file, and the program's arguments. What flows out: the same program, and in the file the CPU seconds of each
function, C functions included, by each thread's own clock: waiting costs nothing. Counting makes short Python functions look
dearer than they are, by up to two times. Run it as `python -m benchmarks.cpu_profile FILE run --kubeconfig ...`.
"""

import collections
import cProfile
import pathlib
import pstats
import sys
import threading
import time

from controller import cli

CATEGORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("JSON", ("msgspec", "json/", "_json")),
    ("TLS", ("ssl.py", "_ssl.")),
    ("HTTP", ("urllib3/", "http/client.py", "socket.py", "_io.Buffered", "email/", "controller/client/", "select.", "_socket.")),
    ("queue", ("workqueue/",)),
    ("threads", ("threading.py", "_thread.")),
    ("informers", ("informers/",)),
    ("diff", ("reconcilers/diff.py", "reconcilers/values.py", "reconcilers/managed_fields.py")),
    ("quota", ("microservicedeploy/quota", "microservicedeploy/cache.py", "fractions.py")),
    ("operator", ("reconcilers/",)),
    ("logs, events", ("structlog/", "controller/logs.py", "controller/event_broadcaster.py", "controller/recorder.py")),
    ("metrics", ("prometheus_client/", "controller/metrics.py")),
    ("controller", ("controller/",)),
)
"""By parts of the name of a file or a C function; the first that fits counts."""


class Profiles:
    """A profile of each thread that starts from now on."""

    def __init__(self) -> None:
        self._profiles: list[cProfile.Profile] = []
        threading.setprofile(self._begin)
        self._begin()

    def _begin(self, *_: object) -> None:
        """Replace this hook, which a new thread calls first, by a profile of that thread."""
        profile = cProfile.Profile(time.thread_time)
        self._profiles.append(profile)
        profile.enable()

    def write(self, path: pathlib.Path) -> None:
        """Write all of them, as one, to *path*."""
        for profile in self._profiles:
            profile.create_stats()
        merged = pstats.Stats(*self._profiles)
        merged.dump_stats(path)


def table(path: pathlib.Path) -> str:
    """Return a profile as text: by category, and the dearest functions."""
    entries = pstats.Stats(str(path)).stats  # type: ignore[attr-defined]
    functions = {(file, name): 0.0 for file, _, name in entries}
    calls: collections.Counter[tuple[str, str]] = collections.Counter()
    for (file, _, name), (_, number, own, _, _) in entries.items():
        functions[file, name] += own
        calls[file, name] += number
    categories: collections.Counter[str] = collections.Counter()
    for (file, name), own in functions.items():
        categories[_category(file if file != "~" else name)] += own
    total = sum(categories.values())
    lines = [f"{total:.1f} s of CPU time while counted:"]
    lines += [f"  {own:6.2f} s  {100 * own / total:5.1f} %  {name}" for name, own in categories.most_common()]
    ranked = sorted(functions.items(), key=lambda pair: -pair[1])[:40]
    short = {key: f"{'/'.join(key[0].split('/')[-2:])}:{key[1]}" for key, _ in ranked}
    lines += [f"  {own:6.2f} s  {100 * own / total:5.1f} %  {calls[key]:8}  {short[key]}" for key, own in ranked]
    return "\n".join(lines)


def _category(text: str) -> str:
    return next((name for name, parts in CATEGORIES if any(part in text for part in parts)), "other")


def main() -> int:
    """Run `coxswain` and count."""
    path = pathlib.Path(sys.argv.pop(1))
    profiles = Profiles()
    try:
        return cli.main()
    finally:
        profiles.write(path)


if __name__ == "__main__":
    sys.exit(main())
