from prismiq.domain.model.rate_limits import SECOND, RateLimitConfig
from prismiq.domain.rules.limit_reports import limit_report
from prismiq.domain.rules.token_bucket import take

SPEC = RateLimitConfig()
NOW = 1_000 * SECOND


def test_every_window_of_every_policy_is_told_in_seconds() -> None:
    buckets, _ = take(SPEC, None, NOW, 5)
    _, looked = take(SPEC, buckets, NOW, 0)
    _, other = take(RateLimitConfig(burst_limit=1), None, NOW, 0)
    report = limit_report("ip:2001:db8::/64", {"default": looked, "other": other})
    assert report.client == "ip:2001:db8::/64"
    assert [policy.policy for policy in report.policies] == ["default", "other"]
    assert [window.model_dump() for window in report.policies[0].windows] == [
        {"window": "burst", "limit": 10, "period": 1, "remaining": 5, "full_in": 0.5},
        {"window": "minute", "limit": 60, "period": 60, "remaining": 55, "full_in": 5.0},
        {"window": "hour", "limit": 1000, "period": 3600, "remaining": 995, "full_in": 18.0},
    ]
    assert report.policies[1].windows[0].full_in == 0
