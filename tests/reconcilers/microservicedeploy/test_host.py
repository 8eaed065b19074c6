"""Tests of who holds a host."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers.microservicedeploy import host, instances
from tests.support import microservices

HOST = "v1.shop.team.example.com"
CLAIMS = st.lists(
    st.builds(host.Claim, st.text("abc", min_size=1, max_size=3), *[st.booleans()] * 3, st.integers(0, 3)),
    min_size=1,
    max_size=6,
    unique_by=lambda claim: claim.name,
)


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        (host.Claim("b", is_stuck=True, is_idle=True, created_ms=9), host.Claim("a", prefers=True, created_ms=1)),
        (host.Claim("b", prefers=True, is_idle=True, created_ms=9), host.Claim("a", created_ms=1)),
        (host.Claim("b", created_ms=9), host.Claim("a", is_idle=True, created_ms=1)),
        (host.Claim("b", created_ms=1), host.Claim("a", created_ms=9)),
        (host.Claim("a", created_ms=1), host.Claim("b", created_ms=1)),
    ],
    ids=["stuck", "preferred", "not idle", "older", "name"],
)
def test_the_better_claim_holds_the_host(winner: host.Claim, loser: host.Claim) -> None:
    """An Ingress that nobody may remove goes before preference, that before activity, that before age, that before the name."""
    assert host.decide(loser, [winner], HOST) == host.HostDecision(HOST, winner.name)
    assert host.decide(winner, [loser], HOST) == host.HostDecision(HOST, winner.name, is_mine=True, needs_ingress=True)


@given(CLAIMS)
def test_exactly_one_holds_the_host(claims: list[host.Claim]) -> None:
    """Every instance that looks sees the same holder, whether or not its own claim is among the others."""
    decisions = [host.decide(claim, claims, HOST) for claim in claims]
    assert len({decision.holder for decision in decisions}) == 1
    assert [decision.is_mine for decision in decisions].count(True) == 1


def test_a_paused_instance_is_stuck_with_the_host_that_it_has() -> None:
    """Without the host it is not: then nothing is in anybody's way."""
    paused = dataclasses.replace(microservices.plain(), annotations={instances.PAUSED_ANNOTATION: "true"})
    assert host.claim(paused, {paused.full_name}).is_stuck
    assert not host.claim(paused).is_stuck
    assert not host.claim(microservices.plain(), {paused.full_name}).is_stuck


def test_the_old_holder_keeps_its_ingress_until_the_new_one_has_its_own() -> None:
    """On a switch the new Ingress is applied before the old one is deleted."""
    old, new = host.Claim("old", created_ms=1), host.Claim("new", prefers=True, created_ms=2)
    assert host.decide(old, [new], HOST, with_ingress={"old"}).needs_ingress
    assert not host.decide(old, [new], HOST, with_ingress={"old"}).is_mine
    assert not host.decide(old, [new], HOST, with_ingress={"old", "new"}).needs_ingress
    assert not host.decide(old, [new], HOST, with_ingress={"new"}).needs_ingress
    assert not host.decide(old, [new], HOST).needs_ingress


def test_the_host_is_made_of_path_name_namespace_and_domain() -> None:
    """Without a base domain there is no host, and nothing to decide."""
    instance = microservices.plain()
    assert host.name(instance, microservices.SETTINGS) == HOST
    assert host.name(instance, instances.Settings()) == ""
    assert host.decide(host.claim(instance), [], "") == host.HostDecision()


def test_a_claim_counts_milliseconds_as_integers() -> None:
    """The given creation time comes first, that of the metadata second."""
    assert host.claim(microservices.plain(creationTimestamp="1535546718115")).created_ms == 1535546718115
    assert host.claim(microservices.plain(creationTimestamp="0999999999999")).created_ms == 999999999999
    assert host.claim(microservices.plain()).created_ms == 1767323045000


def test_a_claim_carries_the_annotation_and_idleness() -> None:
    """Only the value "prefer" counts."""
    instance = microservices.plain(idle=True)
    prefers = dataclasses.replace(instance, annotations={"custom.ops/host": "prefer"})
    other = dataclasses.replace(instance, annotations={"custom.ops/host": "yes"})
    assert host.claim(prefers) == host.Claim("shop-v1", prefers=True, is_idle=True, created_ms=1767323045000)
    assert not host.claim(other).prefers


@pytest.mark.parametrize("domain", ["d" * 64, ".".join(["d" * 60] * 4)])
def test_an_impossible_host_is_an_error_and_makes_no_ingress(domain: str) -> None:
    """What is too long is said; nobody holds it."""
    name = host.name(microservices.plain(), instances.Settings(base_domain=domain))
    decision = host.decide(host.Claim("a"), [], name)
    assert "at most" in decision.error
    assert not decision.needs_ingress


def test_the_ingress_leads_to_the_service() -> None:
    """Class and certificate stand in it only if they are set."""
    instance = microservices.plain()
    spec = host.ingress(instance, microservices.SETTINGS)["spec"]
    backend = {"service": {"name": "shop-v1", "port": {"name": "http"}}}
    assert spec == {"rules": [{"host": HOST, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}
    settings = dataclasses.replace(microservices.SETTINGS, ingress_class="nginx", tls_secret="cert")
    spec = host.ingress(instance, settings)["spec"]
    assert (spec["ingressClassName"], spec["tls"]) == ("nginx", [{"hosts": [HOST], "secretName": "cert"}])
