from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN

from entrepot.auth.pkce import challenge_of, fresh_verifier
from entrepot.core.secret import Secret


def test_the_example_of_rfc_7636_appendix_b_comes_out():
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge_of(verifier, "S256") == {
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }


def test_authlib_takes_every_verifier_and_makes_the_same_challenge():
    for _ in range(200):
        verifier = fresh_verifier()
        assert CODE_VERIFIER_PATTERN.match(verifier.reveal())
        assert challenge_of(verifier, "S256")["code_challenge"] == create_s256_code_challenge(verifier.reveal())


def test_plain_sends_the_verifier_itself_and_none_sends_nothing():
    assert challenge_of(Secret("v" * 43), "plain") == {"code_challenge": "v" * 43, "code_challenge_method": "plain"}
    assert challenge_of(Secret("v" * 43), "none") == {}
