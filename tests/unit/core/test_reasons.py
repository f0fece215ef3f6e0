"""The reasons that the words of a refusal name, and words that name none."""

from __future__ import annotations

import pytest

from safe_langsmith._core.reasons import named_reason, says_why

NAMED = {
    "expired": [
        "API key has expired",
        "x-api-key expired",
        "The API key you provided has expired",
        "Token expired on 2026-01-01",
        "The personal access token is expired",
        "expired_api_key: expired API key",
        "TokenExpired",
        "API_KEY_EXPIRED",
        "Invalid API key: the key has expired",
        "Unauthorized: token expired",
        "Your API key 'ci' (lsv2_pt_...1234) expired on 2026-01-01",
        "Expired token",
        "API key for this organization has expired",
        "The provided credential has lapsed",
        "key's expiration date has passed",
        "Access token is past its expiry",
    ],
    "revoked": [
        "API key has been deactivated",
        "This key was revoked by an administrator",
        "forbidden: API key is disabled",
        "Forbidden - inactive key",
        "This token was revoked",
        "key is no longer valid",
        "token revoked",
        "key is not valid anymore",
        "API key no longer exists",
        "Your key is expired or revoked",
        "This API key can no longer be used",
        "The organization has disabled personal access tokens",
        "Key deleted",
        "The service account is disabled",
        "credentials invalidated",
        "This personal access token is not active",
        "An admin has disabled your key",
    ],
    "address": [
        "IP address 203.0.113.9 is not allowed for this organization",
        "Source IP not in allowlist",
        "Requests from this network are blocked by a network policy",
        "Forbidden: client IP denied",
        "Not authorized from IP 203.0.113.9",
        "Client IP not in the allowlist",
        "Your IP is not whitelisted",
        "Access from 203.0.113.9 is not allowed",
        "ip_not_allowed",
        "IP_NOT_ALLOWLISTED: x",
        "Access is restricted to allowed IPs",
        "IP 10.0.0.1 is blocked",
        "Your network is outside the allowed range",
        "request denied by IP restriction",
    ],
    "organization": [
        "Forbidden - organization is disabled",
        "This tenant has been suspended",
        "Your account is past due",
        "disabled organization",
        "Your subscription was cancelled",
        "organization suspended",
        "organization deactivated",
        "organization not found",
        "Your organization's subscription has lapsed",
        "Organization does not exist",
        "OrganizationSuspended",
        "Your trial has ended",
        "The subscription of this organization has expired",
        "Org disabled",
    ],
    "member": [
        "User has been deactivated",
        "You are no longer a member of this organization",
        "You are not a member of this organization",
        "User account is suspended",
        "Your membership was removed",
        "You have been removed from this organization",
        "User was removed from the workspace",
    ],
}
NONE = [
    "Invalid or expired key",
    "Forbidden",
    "Invalid API key",
    "This key is not enabled",
    "your key has not expired",
    "if your key has expired, create a new one",
    "Your key may have expired",
    "the dataset has expired",
    "session expired",
    "Check that your key is not revoked",
    "Your key has not been revoked",
    "the share token has expired",
    "feedback key correctness is disabled",
    "Feedback key has been deleted",
    "Share link expired",
    "The run was deleted",
    "Your session token has expired",
    "Please check whether the token was revoked",
    "API key authentication failed",
    "keys should be rotated every 90 days",
    "missing, invalid, or expired key",
    "Unknown/expired token",
    "Your email address is not allowed",
    "Model not in allowlist",
    "unless your key was deactivated",
    "This key has never expired",
    "The license has expired",
    "User agent is blocked",
    "Request blocked by policy",
    "Blocked by organization policy",
    "This feature is disabled for your organization",
    "This key is locked to workspace Research",
    "Keys are disabled for viewers",
    "You have been blocked from deleting datasets",
    "This organization is closed to new members",
    "Deployment 10.0.0.1 rejected the request",
    "Sandboxes are disabled in this organization",
    "The project was deleted by the user",
    "presigned upload token expired",
    "the refresh token has expired",
    "API key access is disabled for this feature",
    "Your organization has not been disabled",
    "organization is not suspended",
    "If your IP is not in the allowlist, ask an admin",
    "Your IP is not blocked",
    "no expired keys",
    "The invitation for this user has expired",
    "The dataset that this key created was deleted",
    "an unexpired key is needed",
    "This key will be disabled soon",
    "Token limit exceeded; model disabled",
    "The annotation queue was archived",
    "this key may read, but the dataset was deleted",
]


@pytest.mark.parametrize(("reason", "words"), [(reason, text) for reason, texts in NAMED.items() for text in texts])
def test_a_reason_in_plain_words_is_found(reason, words):
    assert named_reason(words) == reason
    assert named_reason(f"Forbidden: {words}.") == reason
    assert named_reason(f"{words}. Contact your administrator if you need access.") == reason


@pytest.mark.parametrize("words", NONE)
def test_what_is_denied_or_possible_or_said_of_something_else_is_no_reason(words):
    assert named_reason(words) is None
    assert named_reason(f"Forbidden: {words}.") is None


def test_what_is_said_first_and_last_counts():
    assert named_reason("Your key has not expired, but the organization is suspended") == "organization"
    assert named_reason("If your key has expired, create one. This key was revoked.") == "revoked"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "403",
        "Forbidden",
        "Forbidden: access denied.",
        "Invalid API key provided",
        "api_key_not_found",
        "Authentication credentials were not provided",
        "User is not authorized to perform this action",
        "You don't have permission to access this resource",
        "Invalid or expired token",
    ],
)
def test_words_of_any_refusal_do_not_say_why(words):
    assert not says_why(words)


@pytest.mark.parametrize(
    "words", ["SSO required", "Access denied: MFA", "Zugriff verweigert", "キーが無効です", "blocked by policy"]
)
def test_all_other_words_do(words):
    assert says_why(words)
