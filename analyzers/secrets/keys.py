"""Keys and tokens by their issuers' formats: a row a shape.

Sources: the issuers' documentation of their formats; gitleaks' and detect-secrets' lists for which of them matter.
"""

from __future__ import annotations

import re

from analyzers.secrets.checks import entropy, has_crc, is_mixed, is_stand_in
from analyzers.secrets.rule import Check, Rule, bounded

_ALNUM, _URL, _HEX, _UPPER, _LOWER = "[0-9A-Za-z]", "[0-9A-Za-z_-]", "[0-9a-f]", "[0-9A-Z]", "[0-9a-z]"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-"
_MIN_ENTROPY = 2.6
"""Bits a byte over a whole token; 16 random letters and digits have 3 to 4, repeated words less than 2.6."""


def _random(row: bytes, start: int, end: int) -> bool:
    value = row[start:end]
    return entropy(value) >= _MIN_ENTROPY and not is_stand_in(value)


def _mixed(row: bytes, start: int, end: int) -> bool:
    return is_mixed(row[start + 4 : end])  # behind a head such as hf_ or r8_


def _crc(row: bytes, start: int, end: int) -> bool:
    return has_crc(row[start:end])


def _cased(row: bytes, start: int, end: int) -> bool:
    return all(re.search(one, row[start + 4 : end]) for one in (rb"[a-z].*[a-z]", rb"[A-Z].*[A-Z]"))


def _all_cases(row: bytes, start: int, end: int) -> bool:
    value = row[start:end]
    return all(re.search(one, value) for one in (rb"[0-9]", rb"[a-z].*[a-z]", rb"[A-Z].*[A-Z]"))


# kind, head, class of the body, its shortest length, how much longer it may be, and checks beside `_random`.
_TABLE: tuple[tuple[str, str, str, int, int, tuple[Check, ...]], ...] = (
    ("aws_access_key", "(?:AKIA|ASIA|ABIA|ACCA)", "[A-Z2-7]", 16, 0, ()),
    ("github_token", "gh[pousr]_", _ALNUM, 36, 0, (_crc,)),
    ("github_token", "github_pat_[0-9A-Za-z]{22}_", _ALNUM, 59, 0, (_mixed,)),
    ("gitlab_token", "gl(?:pat|dt|rt|cbt|soat|ft|imt|agent|oas|ffct)-", _URL, 20, 44, (_mixed,)),
    ("gitlab_token", "glptt-", _HEX, 40, 0, ()),
    ("gitlab_token", "GR1348941", _URL, 20, 0, ()),
    ("slack_token", "xox[abposre]-[0-9]{8,13}-(?:[0-9]{8,13}-){0,2}", _ALNUM, 20, 44, (_mixed,)),
    ("slack_token", "xoxe(?:[.]xox[bp])?-1-", _ALNUM, 100, 100, (_mixed,)),
    ("slack_token", "xapp-[0-9]-[0-9A-Z]{9,12}-[0-9]{10,14}-", _HEX, 64, 0, ()),
    (
        "slack_webhook",
        "https://hooks[.]slack[.]com/(?:services|workflows)/T[0-9A-Z]{8,12}/[AB][0-9A-Z]{8,12}/",
        _ALNUM,
        18,
        10,
        (),
    ),
    ("google_api_key", "AIza", _URL, 35, 0, (_mixed,)),
    ("google_oauth", "ya29[.]", _URL, 40, 300, (_mixed,)),
    ("google_oauth", "GOCSPX-", _URL, 28, 0, ()),
    ("google_oauth", "1//0", _URL, 40, 80, (_mixed,)),
    ("stripe_key", "[sr]k_live_", _ALNUM, 16, 110, ()),
    ("stripe_key", "whsec_", _ALNUM, 32, 32, (_cased,)),
    ("twilio_key", "SK", _HEX, 32, 0, (_mixed,)),
    ("sendgrid_key", "SG[.][0-9A-Za-z_-]{16,32}[.]", _URL, 43, 0, ()),
    ("mailgun_key", "key-", _HEX, 32, 0, ()),
    ("mailchimp_key", "[0-9a-f]{32}-us", "[0-9]", 1, 1, ()),
    ("openai_key", "sk-(?:(?:proj|svcacct|admin)-)?[0-9A-Za-z_-]{20,74}T3BlbkFJ", _URL, 20, 54, ()),
    ("anthropic_key", "sk-ant-(?:api|admin|oat|sid)[0-9]{2}-", _URL, 80, 40, (_mixed,)),
    ("openrouter_key", "sk-or-v1-", _HEX, 64, 0, ()),
    ("langfuse_key", f"[ps]k-lf-{_UUID}", _HEX, 12, 0, ()),
    ("langsmith_key", "lsv2_(?:pt|sk)_[0-9a-f]{32}_", _HEX, 10, 0, ()),
    ("deepseek_key", "sk-", _LOWER, 32, 16, (_mixed,)),
    ("huggingface_token", "(?:hf|api_org)_", _ALNUM, 34, 0, (_cased,)),
    ("replicate_token", "r8_", _ALNUM, 37, 0, (_mixed,)),
    ("groq_key", "gsk_", _ALNUM, 52, 0, (_mixed,)),
    ("perplexity_key", "pplx-", _ALNUM, 48, 8, (_mixed,)),
    ("xai_key", "xai-", _ALNUM, 80, 0, (_mixed,)),
    ("pinecone_key", "pcsk_[0-9A-Za-z]{5,8}_", _ALNUM, 50, 20, (_mixed,)),
    ("npm_token", "npm_", _ALNUM, 36, 0, (_crc,)),
    ("pypi_token", "pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)", _URL, 50, 200, ()),
    ("rubygems_key", "rubygems_", _HEX, 48, 0, ()),
    ("crates_token", "cio", _ALNUM, 32, 0, (_all_cases,)),
    ("nuget_key", "oy2", _LOWER, 43, 0, (_mixed,)),
    ("dockerhub_token", "dckr_(?:pat|oat)_", _URL, 27, 10, ()),
    ("vault_token", "hv[sbr][.]", _URL, 24, 280, (_mixed,)),
    ("terraform_token", "[0-9A-Za-z]{14}[.]atlasv1[.]", _URL, 60, 10, ()),
    ("digitalocean_token", "do[opr]_v1_", _HEX, 64, 0, ()),
    ("heroku_key", "HRKU-AA", _URL, 58, 0, ()),
    ("shopify_token", "shp(?:at|ss|ca|pa|tka)_", "[0-9a-fA-F]", 32, 0, ()),
    ("square_token", "sq0atp-", _URL, 22, 0, ()),
    ("square_token", "sq0csp-", _URL, 43, 0, ()),
    ("square_token", "EAAA", _URL, 60, 0, (_all_cases,)),
    ("discord_token", "[MNO][0-9A-Za-z_-]{23,25}[.][0-9A-Za-z_-]{6}[.]", _URL, 27, 11, (_mixed,)),
    (
        "discord_webhook",
        "https://(?:ptb[.]|canary[.])?discord(?:app)?[.]com/api/webhooks/[0-9]{17,20}/",
        _URL,
        60,
        10,
        (),
    ),
    (
        "teams_webhook",
        f"https://[0-9a-z]{{1,40}}[.]webhook[.]office[.]com/webhookb2/{_UUID}[0-9a-f]{{12}}@",
        "[0-9a-zA-Z/-]",
        60,
        100,
        (),
    ),
    ("zapier_webhook", "https://hooks[.]zapier[.]com/hooks/catch/[0-9]{4,9}/", _LOWER, 6, 10, ()),
    ("telegram_token", "[0-9]{8,10}:AA", _URL, 33, 0, ()),
    ("facebook_token", "EAA", _ALNUM, 100, 200, (_all_cases,)),
    ("linear_key", "lin_(?:api|oauth)_", _ALNUM, 40, 24, (_mixed,)),
    ("notion_token", "ntn_[0-9]{11}", _ALNUM, 35, 0, ()),
    ("postman_key", "PMAK-[0-9a-f]{24}-", _HEX, 34, 0, ()),
    ("newrelic_key", "NRAK-", _UPPER, 27, 0, ()),
    ("newrelic_key", "NRJS-", _HEX, 19, 0, ()),
    ("newrelic_key", "NRI[IQ]-", _URL, 32, 0, ()),
    ("grafana_token", "glsa_[0-9A-Za-z]{32}_", "[0-9a-fA-F]", 8, 0, ()),
    ("grafana_token", "glc_eyJ", "[0-9A-Za-z+/=]", 30, 400, ()),
    ("sentry_token", "sntryu_", _HEX, 64, 0, ()),
    ("sentry_token", "sntrys_eyJ", "[0-9A-Za-z+/=_-]", 60, 300, ()),
    ("netlify_token", "nf[pcoub]_", _ALNUM, 36, 4, (_mixed,)),
    ("figma_token", "figd_", _URL, 40, 4, (_mixed,)),
    ("flyio_token", "fo1_", _URL, 43, 0, (_mixed,)),
    ("supabase_token", "sbp_", _HEX, 40, 0, ()),
    ("planetscale_token", "pscale_(?:tkn|pw|oauth|id)_", "[0-9A-Za-z_.=-]", 32, 32, (_mixed,)),
    ("databricks_token", "dapi", _HEX, 32, 0, (_mixed,)),
    ("pulumi_token", "pul-", _HEX, 40, 0, ()),
    ("prefect_key", "pn[ub]_", _ALNUM, 36, 0, (_mixed,)),
    ("airtable_token", "pat[0-9A-Za-z]{14}[.]", _HEX, 64, 0, ()),
    ("atlassian_token", "ATATT3", "[0-9A-Za-z_=-]", 150, 100, ()),
    ("bitbucket_password", "ATBB", _ALNUM, 32, 0, (_mixed,)),
    ("contentful_token", "CFPAT-", _URL, 43, 0, ()),
    ("age_key", "AGE-SECRET-KEY-1", _UPPER, 58, 0, ()),
    ("artifactory_key", "AKC[pm]", _ALNUM, 60, 20, (_mixed,)),
    ("artifactory_key", "cmVmd", _ALNUM, 59, 0, (_mixed,)),
    ("azure_client_secret", "[0-9A-Za-z_.~-]{3}[0-9]Q~", "[0-9A-Za-z_.~-]", 31, 3, ()),
    ("alibaba_key", "LTAI", _ALNUM, 12, 14, (_mixed,)),
    ("tencent_key", "AKID", _ALNUM, 32, 0, (_mixed,)),
    ("clojars_token", "CLOJARS_", _HEX, 60, 0, ()),
    ("doppler_token", "dp[.](?:pt|st|ct|sa|scim|audit)[.](?:[a-z0-9_-]{2,35}[.])?", _ALNUM, 40, 4, ()),
    ("dynatrace_token", "dt0[a-z][0-9]{2}[.][0-9A-Z]{24}[.]", _UPPER, 64, 0, ()),
    ("easypost_key", "EZ[AT]K", _ALNUM, 54, 0, (_mixed,)),
    ("flutterwave_key", "FLWSECK-[0-9a-f]{32}-", "X", 1, 0, ()),
    ("frameio_token", "fio-u-", _URL, 64, 0, ()),
    ("adafruit_key", "aio_", _ALNUM, 28, 0, (_all_cases,)),
    ("brevo_key", "x(?:key|smtp)sib-[0-9a-f]{64}-", _ALNUM, 16, 0, ()),
    ("readme_key", "rdme_", _LOWER, 70, 0, ()),
    ("scalingo_token", "tk-us-", _URL, 48, 0, (_mixed,)),
    ("shippo_token", "shippo_live_", _HEX, 40, 0, ()),
    ("typeform_token", "tfp_", "[0-9A-Za-z_.=-]", 59, 0, (_mixed,)),
    ("buildkite_token", "bk(?:ua|at)_", _HEX, 40, 0, ()),
    ("circleci_token", "CCI(?:PAT|PRJ)_[0-9A-Za-z]{22}_", _HEX, 40, 0, ()),
    ("razorpay_key", "rzp_live_", _ALNUM, 14, 10, ()),
    ("paypal_token", "access_token[$]production[$][0-9a-z]{16}[$]", _HEX, 32, 0, ()),
    ("posthog_key", "ph[xc]_", _ALNUM, 43, 8, (_mixed,)),
    ("resend_key", "re_[0-9A-Za-z]{8}_", _ALNUM, 24, 0, (_all_cases,)),
    ("wakatime_key", f"waka_{_UUID}", _HEX, 12, 0, ()),
    ("sourcegraph_token", "sg[pd]_(?:local_|[0-9a-f]{16}_)?", _HEX, 40, 0, ()),
    ("tailscale_key", "tskey-[a-z]{3,8}-[0-9A-Za-z]{8,20}-", _ALNUM, 20, 20, ()),
    ("sonar_token", "sq[pua]_", _HEX, 40, 0, ()),
    ("duffel_token", "duffel_live_", _URL, 43, 0, ()),
    ("launchdarkly_key", f"(?:sdk|mob)-{_UUID}", _HEX, 12, 0, ()),
    ("hubspot_token", f"pat-(?:na|eu)[0-9]-{_UUID}", _HEX, 12, 0, ()),
    ("infracost_key", "ico-", _ALNUM, 32, 0, (_mixed,)),
    ("deno_token", "dd[pow]_", _ALNUM, 36, 0, (_mixed,)),
    ("onepassword_token", "ops_eyJ", "[0-9A-Za-z+/=]", 250, 1000, ()),
    ("octopus_key", "API-", _UPPER, 26, 4, (_mixed,)),
    ("mapbox_token", "sk[.]eyJ[0-9A-Za-z_-]{60,120}[.]", _URL, 22, 0, ()),
    ("yandex_key", "AQVN", _URL, 35, 3, (_mixed,)),
    ("cloudflare_key", "v1[.]0-[0-9a-f]{24}-", _HEX, 146, 0, ()),
    ("jwt", "eyJ[0-9A-Za-z_-]{10,2000}[.]eyJ[0-9A-Za-z_-]{10,2000}[.]", _URL, 16, 700, ()),
)


def _rule(kind: str, head: str, body: str, at_least: int, more: int, checks: tuple[Check, ...]) -> Rule:
    anchor, pattern = bounded(head, body, at_least, more)
    if kind == "jwt":  # as much as the engine needs to see, so that its states stay few
        anchor = "eyJ[0-9A-Za-z_-]{10}"
    return Rule(kind=kind, placeholder="KEY", anchor=anchor, pattern=pattern, checks=(_random, *checks))


_NAME = r"(?:=>|:=|=|:|,|[ \t])[ \t]{0,3}[\"']?"
_AWS = r"secret[_-]?(?:access[_-]?)?key[\"']?[ \t]{0,3}" + _NAME

KEYS: tuple[Rule, ...] = (
    Rule(
        kind="private_key",
        placeholder="PRIVATE_KEY",
        anchor="-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY",
        pattern=re.compile(
            rb"-----BEGIN (?P<n>[A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?)-----(?:[^-]|-(?!----)){60,20000}"
            rb"-----END (?P=n)-----"
        ),
        checks=(lambda row, start, end: not is_stand_in(row[start + 40 : end - 40]),),
    ),
    *(_rule(*row) for row in _TABLE),
    Rule(
        kind="aws_secret_key",
        placeholder="KEY",
        anchor="(?i)" + _AWS + "[0-9A-Za-z/+]{40}",
        pattern=re.compile((f"(?i:{_AWS})" + "(?P<v>[0-9A-Za-z/+]{40}+)(?![0-9A-Za-z/+=])").encode()),
        checks=(_random, _mixed),
    ),
    Rule(
        kind="azure_storage_key",
        placeholder="KEY",
        anchor="(?:Account|SharedAccess|Primary|Shared)Key=[0-9A-Za-z/+]{42}",
        pattern=re.compile(
            rb"(?:Account|SharedAccess|Primary|Shared)Key=(?P<v>[0-9A-Za-z/+]{42,90}+={1,2})(?![0-9A-Za-z/+=])"
        ),
        checks=(_random,),
    ),
)
"""In order of precedence."""
