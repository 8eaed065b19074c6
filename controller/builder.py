"""Say what a controller watches, and get it wired.

What flows in: kinds, handlers and predicates. What flows out: a controller, added to its manager. Used once, in the thread that
sets an operator up. Mirrors controller-runtime/pkg/builder.
"""

from collections.abc import Sequence
from dataclasses import replace

from controller import controller, handler, manager, predicate, reconcile, source
from informers import objects


class Builder:
    """Builds one controller of *a_manager*."""

    def __init__(self, a_manager: manager.Manager) -> None:
        self._manager = a_manager
        self._name = ""
        self._for: objects.GroupVersionKind | None = None
        self._watches: list[tuple[objects.GroupVersionKind, handler.EventHandler, Sequence[predicate.Predicate]]] = []
        self._owned: list[tuple[objects.GroupVersionKind, Sequence[predicate.Predicate]]] = []
        self._options = controller.Options(
            max_concurrent_reconciles=a_manager.options.max_concurrent_reconciles,
            cache_sync_timeout_seconds=a_manager.options.cache_sync_timeout_seconds,
        )

    def named(self, name: str) -> "Builder":
        """Call the controller *name*; the default is the kind in lower case."""
        self._name = name
        return self

    def for_(self, gvk: objects.GroupVersionKind, *predicates: predicate.Predicate) -> "Builder":
        """Reconcile objects of this kind, each by its own name; at most once.

        Raises:
            ValueError: A kind was given already.
        """
        if self._for is not None:
            raise ValueError(f"for_({gvk}) after for_({self._for}): a controller is for one kind")
        self._for = gvk
        self._watches.append((gvk, handler.enqueue_request_for_object, predicates))
        return self

    def owns(self, gvk: objects.GroupVersionKind, *predicates: predicate.Predicate) -> "Builder":
        """Reconcile the controller owner of objects of this kind; needs `for_`."""
        self._owned.append((gvk, predicates))
        return self

    def watches(
        self, gvk: objects.GroupVersionKind, event_handler: handler.EventHandler, *predicates: predicate.Predicate
    ) -> "Builder":
        """Reconcile what *event_handler* makes of objects of this kind."""
        self._watches.append((gvk, event_handler, predicates))
        return self

    def with_max_concurrent_reconciles(self, number: int) -> "Builder":
        """Use *number* workers instead of the manager's default."""
        self._options = replace(self._options, max_concurrent_reconciles=number)
        return self

    def complete(self, reconciler: reconcile.Reconciler) -> controller.Controller:
        """Make the controller, start its informers with the manager, and add it.

        Raises:
            ValueError: Nothing is watched, `owns` lacks `for_`, or the name is taken.
        """
        if not self._watches:
            raise ValueError("a controller needs at least one of for_ and watches")
        if self._owned and self._for is None:
            raise ValueError("owns needs for_: whose children are they?")
        name = self._name or (self._for.kind.lower() if self._for else "")
        if not name:
            raise ValueError("a controller without for_ needs a name: call named")
        built = controller.Controller(name, self._for, reconciler, self._manager.services, self._options)
        for gvk, event_handler, predicates in self._all_watches():
            built.watch(source.Kind(self._manager.informer(gvk), event_handler, predicates))
        self._manager.add_controller(built)
        return built

    def _all_watches(self) -> list[tuple[objects.GroupVersionKind, handler.EventHandler, Sequence[predicate.Predicate]]]:
        owner = self._for
        if owner is None:
            return self._watches
        owned = [(gvk, handler.enqueue_request_for_owner(owner), predicates) for gvk, predicates in self._owned]
        return [*self._watches, *owned]
