"""A marked corpus of secrets and personal data in file contexts, with hard negatives, made from a seed.

It was written and frozen before the patterns were: `test_secrets_corpus.py` holds its digest. Nothing that looks like
a live key is kept in a file: the table has shapes, the values come from the seed. A shape is text with fields: {b62:36}
is 36 characters of the alphabet b62. The shapes follow what the issuers document and what gitleaks and detect-secrets
look for.
"""

from __future__ import annotations

import base64
import random
import re
import string
import uuid
import zlib
from dataclasses import dataclass

SEED = 20240601
PER_SHAPE = 10
NEGATIVES_PER_SHAPE = 45

B62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
ALPHABETS = {
    "b62": B62,
    "url": B62 + "-_",
    "b64": B62 + "+/",
    "b32": string.ascii_uppercase + "234567",
    "up": string.ascii_uppercase + string.digits,
    "low": string.ascii_lowercase + string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "d": string.digits,
    "bech": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}

# kind: shapes. After a bar stands the name of the variable that gives it away, where the value alone does not.
KEYS: dict[str, str] = {
    "aws_access_key": "AKIA{b32:16} ASIA{b32:16}",
    "aws_secret_key": "{b64:40}|AWS_SECRET_ACCESS_KEY",
    "github_token": "ghp_{crc:30} gho_{crc:30} ghu_{crc:30} ghs_{crc:30} ghr_{crc:30} github_pat_{b62:22}_{b62:59}",
    "gitlab_token": "glpat-{url:20} glptt-{hex:40} gldt-{url:20} glrt-{url:20} glsoat-{url:20} GR1348941{url:20}",
    "slack_token": "xoxb-{d:12}-{d:12}-{b62:24} xoxp-{d:12}-{d:12}-{d:12}-{hex:32} xapp-1-A{up:10}-{d:13}-{hex:64}",
    "slack_webhook": "https://hooks.slack.com/services/T{up:8}/B{up:10}/{b62:24}",
    "google_api_key": "AIza{url:35}",
    "google_oauth": "ya29.{url:68} GOCSPX-{url:28}",
    "stripe_key": "sk_live_{b62:24} rk_live_{b62:24} sk_live_51{b62:97} whsec_{b62:32}",
    "twilio_key": "SK{hex:32}|TWILIO_API_KEY",
    "sendgrid_key": "SG.{url:22}.{url:43}",
    "mailgun_key": "key-{hex:32}",
    "mailchimp_key": "{hex:32}-us12",
    "openai_key": "sk-{b62:20}T3BlbkFJ{b62:20} sk-proj-{url:58}T3BlbkFJ{url:58}",
    "anthropic_key": "sk-ant-api03-{url:93}AA",
    "huggingface_token": "hf_{b62:34}",
    "replicate_token": "r8_{b62:37}",
    "groq_key": "gsk_{b62:52}",
    "perplexity_key": "pplx-{b62:48}",
    "xai_key": "xai-{b62:80}",
    "npm_token": "npm_{crc:30}",
    "pypi_token": "pypi-AgEIcHlwaS5vcmc{url:90}",
    "rubygems_key": "rubygems_{hex:48}",
    "crates_token": "cio{b62:32}",
    "nuget_key": "oy2{low:43}",
    "dockerhub_token": "dckr_pat_{url:27}",
    "vault_token": "hvs.{url:90} hvb.{url:140}",
    "terraform_token": "{b62:14}.atlasv1.{url:67}",
    "digitalocean_token": "dop_v1_{hex:64} doo_v1_{hex:64} dor_v1_{hex:64}",
    "heroku_key": "HRKU-AA{url:58}",
    "shopify_token": "shpat_{hex:32} shpss_{hex:32} shpca_{hex:32} shppa_{hex:32}",
    "square_token": "sq0atp-{url:22} sq0csp-{url:43}",
    "discord_token": "M{b62:23}.{url:6}.{url:27}",
    "discord_webhook": "https://discord.com/api/webhooks/{d:18}/{url:68}",
    "telegram_token": "51{d:8}:AA{url:33}",
    "facebook_token": "EAA{b62:150}",
    "linear_key": "lin_api_{b62:40}",
    "notion_token": "ntn_{d:11}{b62:35}",
    "postman_key": "PMAK-{hex:24}-{hex:34}",
    "newrelic_key": "NRAK-{up:27} NRJS-{hex:19}",
    "grafana_token": "glsa_{b62:32}_{hex:8}",
    "sentry_token": "sntryu_{hex:64}",
    "netlify_token": "nfp_{b62:36}",
    "figma_token": "figd_{url:40}",
    "supabase_token": "sbp_{hex:40}",
    "planetscale_token": "pscale_tkn_{url:43} pscale_pw_{url:43}",
    "databricks_token": "dapi{hex:32}",
    "pulumi_token": "pul-{hex:40}",
    "prefect_key": "pnu_{b62:36}",
    "airtable_token": "pat{b62:14}.{hex:64}",
    "atlassian_token": "ATATT3xFfGF0{url:172}={HEX:8}",
    "bitbucket_password": "ATBB{b62:24}{HEX:8}",
    "contentful_token": "CFPAT-{url:43}",
    "age_key": "AGE-SECRET-KEY-1{bech:58}",
    "artifactory_key": "AKCp{b62:69}",
    "azure_storage_key": "AccountKey={b64:86}==",
    "azure_client_secret": "{b62:3}8Q~{url:34}",
    "alibaba_key": "LTAI{b62:20}",
    "tencent_key": "AKID{b62:32}",
    "clojars_token": "CLOJARS_{hex:60}",
    "doppler_token": "dp.pt.{b62:43}",
    "dynatrace_token": "dt0c01.{b32:24}.{b32:64}",
    "easypost_key": "EZAK{b62:54} EZTK{b62:54}",
    "flutterwave_key": "FLWSECK-{hex:32}-X",
    "adafruit_key": "aio_{b62:28}",
    "brevo_key": "xkeysib-{hex:64}-{b62:16}",
    "readme_key": "rdme_{low:70}",
    "shippo_token": "shippo_live_{hex:40}",
    "typeform_token": "tfp_{url:44}_{b62:14}",
    "buildkite_token": "bkua_{hex:40}",
    "razorpay_key": "rzp_live_{b62:14}",
    "paypal_token": "access_token$production${low:16}${hex:32}",
    "posthog_key": "phx_{b62:43}",
    "resend_key": "re_{b62:8}_{b62:24}",
    "wakatime_key": "waka_{uuid:1}",
    "sourcegraph_token": "sgp_{hex:40}",
    "tailscale_key": "tskey-auth-{b62:12}CNTRL-{b62:32}",
    "sonar_token": "sqp_{hex:40} squ_{hex:40}",
    "duffel_token": "duffel_live_{url:43}",
    "launchdarkly_key": "sdk-{uuid:1}|LAUNCHDARKLY_SDK_KEY",
    "yandex_key": "AQVN{url:36}",
    "jwt": "{jwt:1}",
    "private_key": "{pem:1}",
    "connection_string": "postgres://svc_app:{b62:14}@db{d:2}.acme-prod.net:5432/orders "
    "mongodb+srv://reporter:{b62:18}@cluster{d:1}.k3x9q.mongodb.net/main "
    "amqp://worker:{b62:12}@mq.internal.acme.io:5672/jobs",
    "password": "{b62:16}|DB_PASSWORD {url:20}|client_secret {b62:12}|smtpPassword "
    "{hex:40}|auth_token {b62:32}|api_key",
}

PERSONAL: dict[str, str] = {
    "email": "{first}.{last}@{org}.com {first}{d:2}@gmail.com {last}@{org}.co.uk {first}_{last}@mail.{org}.org "
    "{d:9}@qq.com {first}+{last}@{org}.io",
    "ipv4": "{ip4:1} {ip4:1}",
    "ipv6": "{ip6:1} {ip6z:1}",
    "phone": "+1-{area:1}-{exch:1}-{d:4} ({area:1})^{exch:1}-{d:4} +44^20^{d:4}^{d:4} +49{nz:1}{d:9} +86-10-8{d:7}",
    "cn_mobile": "{mob:1}|mobile +86{mob:1} {mob:1}|手机",
    "cn_id": "{cnid:1}|id_card {cnid:1}|身份证 {cnid:1}|sfz",
    "card": "{card:1}|card_number {cardg:1}|pan",
    "user": "/home/{first}{last}/src/app.py /Users/{first}.{last}/Projects/x C:\\\\Users\\\\{first}{d:2}\\\\AppData",
}

FIRST = [
    "alice",
    "bruno",
    "chenwei",
    "dmitri",
    "elena",
    "farid",
    "greta",
    "haruto",
    "ines",
    "jamal",
    "katrin",
    "liang",
    "miguel",
    "noor",
    "oskar",
    "priya",
]
LAST = [
    "anders",
    "bianchi",
    "carvalho",
    "dubois",
    "eriksen",
    "fischer",
    "garcia",
    "huang",
    "ivanova",
    "jansen",
    "kowalski",
    "larsen",
    "mbeki",
    "novak",
]
ORGS = (
    "northwind-labs",
    "bluepeak",
    "vektorix",
    "halcyondata",
    "rivermill",
    "quantafold",
    "lumenworks",
)
FIELD = re.compile(r"\{(\w+)(?::(\d+))?\}")

CONTEXTS = (
    '{name} = "{value}"\n',
    "const {name} = '{value}';\n",
    "export {name}={value}\n",
    "{name}: {value}\n",
    '  "{name}": "{value}",\n',
    'client.set("{name}", "{value}")  # {name}\n',
    "{name}={value}\n",
    'private static final String {name} = "{value}";\n',
    'ENV {name} "{value}"\n',
    "    {name} => '{value}',\n",
)
PLAIN = (
    "# contact: {value}\n",
    'author = "{value}"\n',
    "// reported by {value}, fixed in r1203\n",
    "  '{name}': '{value}',\n",
    " * see {value} for details\n",
    "{name}: {value}\n",
)
BEFORE = ("import os\n\n\ndef load(path):\n    return open(path)\n\n", "{\n", "# settings\n", "#!/bin/sh\nset -e\n", "")
AFTER = ("\nif __name__ == '__main__':\n    main()\n", "}\n", "\n", "  retries: 3\n", "")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A small file. `start` and `end` are byte offsets of the value; both None for a negative."""

    kind: str
    text: str
    start: int | None = None
    end: int | None = None


def luhn_digit(digits: str) -> str:
    """The digit that makes a number pass Luhn's check."""
    doubled = [int(d) * 2 if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits))]
    return str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def crc_token(prefix: str, body: str) -> str:
    """A token whose last six characters are the CRC-32 of the 30 before them in base 62, as GitHub and npm make it."""
    value, tail = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        tail = B62[digit] + tail
    return prefix + body + tail


def citizen_number(rng: random.Random) -> str:
    """18 digits by GB 11643: area, date of birth, order, check digit by ISO 7064 MOD 11-2."""
    area = rng.choice(("110101", "310104", "440305", "330106", "510107", "420111"))
    body = f"{area}{rng.randint(1955, 2009)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randint(1, 999):03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def _chars(rng: random.Random, alphabet: str, n: int) -> str:
    return "".join(rng.choices(ALPHABETS[alphabet], k=n))


def _jwt(rng: random.Random) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    payload = (
        f'{{"sub":"{rng.randint(10**6, 10**7)}","name":"{rng.choice(FIRST)}","iat":{rng.randint(10**9, 2 * 10**9)}}}'
    )
    header = '{"alg":"HS256","typ":"JWT"}'
    return f"{part(header)}.{part(payload)}.{_chars(rng, 'url', 43)}"


def _pem(rng: random.Random) -> str:
    name = rng.choice(("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"))
    lines = [_chars(rng, "b64", 64) for _ in range(rng.randint(4, 12))] + [_chars(rng, "b64", 42) + "=="]
    return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"])


def _ip4(rng: random.Random) -> str:
    return f"{rng.choice((23, 45, 66, 81, 93, 104, 139, 151, 185, 213))}." + ".".join(
        str(rng.randint(12, 250)) for _ in range(3)
    )


def _card(rng: random.Random) -> str:
    body = rng.choice(("4539", "5186", "4916", "5412", "6228")) + _chars(rng, "d", 11)
    return body + luhn_digit(body)


def fill(shape: str, rng: random.Random) -> str:
    """A value of a shape."""
    made = {
        "first": lambda n: rng.choice(FIRST),
        "last": lambda n: rng.choice(LAST),
        "org": lambda n: rng.choice(ORGS),
        "uuid": lambda n: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "jwt": lambda n: _jwt(rng),
        "pem": lambda n: _pem(rng),
        "ip4": lambda n: _ip4(rng),
        "ip6": lambda n: "2a01:4f8:" + ":".join(f"{rng.randint(256, 65535):x}" for _ in range(6)),
        "ip6z": lambda n: f"2607:f8b0:{rng.randint(256, 65535):x}::{rng.randint(256, 65535):x}",
        "area": lambda n: str(rng.choice((212, 312, 415, 617, 718, 206, 303))),
        "exch": lambda n: str(rng.randint(220, 549)),
        "nz": lambda n: rng.choice("123456789"),
        "mob": lambda n: rng.choice(("138", "139", "150", "159", "186", "188", "177")) + _chars(rng, "d", 8),
        "cnid": lambda n: citizen_number(rng),
        "card": lambda n: _card(rng),
        "cardg": lambda n: " ".join(re.findall("....", _card(rng))),
        "crc": lambda n: crc_token("", _chars(rng, "b62", n)),
    }

    def field(found: re.Match) -> str:
        name, n = found[1], int(found[2] or 1)
        return made[name](n) if name in made else _chars(rng, name, n)

    return FIELD.sub(field, shape.replace("^", " "))


# What looks like a secret or a person and is none.
NEGATIVES: dict[str, str] = {
    "test key": 'stripe.api_key = "sk_test_{b62:24}"',
    "documented example": 'aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"  # build {d:4}',
    "documented example secret": "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY # {d:4}",
    "placeholder": 'api_key = "your-api-key-{d:2}"',
    "placeholder x": "TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx # {d:3}",
    "angle placeholder": 'password: "<your-password-{d:2}>"',
    "variable": "password: ${DB_PASSWORD_{up:5}}",
    "environment": 'secret_key = os.environ["SECRET_{up:8}"]',
    "node environment": "const apiKey = process.env.API_KEY_{up:6};",
    "template": "token: {{ secrets.TOKEN_{up:6} }}",
    "call": 'password = getpass("Password for {first}: ")',
    "label": 'passwordLabel = "Enter your password, {first}"',
    "message key": '"password_reset": "accounts.password.reset.{first}"',
    "type": "token: Optional[{first}Token] = None",
    "css token": "--token-color-{low:4}: #{hex:6};",
    "keyword argument": "login(user, password=password_{low:4}, token=self.token)",
    "sha1": "commit {hex:40}",
    "sha256": "sha256:{hex:64}",
    "md5": 'checksum = "{hex:32}"',
    "package lock": '"integrity": "sha512-{b64:86}==",',
    "yarn lock": 'resolved "https://registry.yarnpkg.com/{first}/-/{first}-{d:1}.{d:1}.{d:2}.tgz#{hex:40}"',
    "cargo lock": 'checksum = "{hex:64}"',
    "go sum": "github.com/{first}/{last} v1.{d:1}.{d:1} h1:{b64:43}=",
    "pip hash": "    --hash=sha256:{hex:64} \\\\",
    "uuid": 'id = "{uuid:1}"',
    "guid": 'Project("{{uuid:1}}") = "{first}"',
    "base64 image": 'src = "data:image/png;base64,{b64:120}"',
    "css class": ".sk-{low:10}-{low:12} { margin: 0 }",
    "version": 'version = "{d:1}.{d:1}.{d:2}.{d:1}"',
    "assembly version": '[assembly: AssemblyVersion("{d:1}.{d:2}.{d:3}.{d:1}")]',
    "chrome": "Chrome/1{d:2}.0.{d:4}.1{d:2} Safari/537.36",
    "oid": 'oid = "1.3.6.1.4.1.{d:5}.1.2"',
    "private address": 'host = "192.168.{d:1}.1{d:1}"',
    "loopback": "listen 127.0.0.1:80{d:2}",
    "netmask": 'mask = "255.255.2{nz:1}0.0"',
    "documentation address": 'server = "203.0.113.{d:2}"',
    "mac": 'mac = "{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}"',
    "time": 'at = "2023-0{nz:1}-1{d:1}T1{d:1}:4{d:1}:2{d:1}"',
    "scope": "std::{first}::{last}::dead::beef();",
    "documentation ipv6": 'addr = "2001:db8::{hex:4}"',
    "link local": "inet6 fe80::{hex:4}:{hex:4}:{hex:4}:{hex:4}",
    "example mail": 'to = "{first}@example.com"',
    "git remote": "git@github.com:{first}/{last}.git",
    "npm version": '"dependencies": "{first}@{d:1}.{d:1}.{d:1}"',
    "retina": 'img = "{first}@2x.png"',
    "decorator": "@{first}.{last}.route",
    "ssh host": "scp {first}@localhost:/tmp/{d:3} .",
    "systemd": "systemctl start getty@tty{d:1}.service",
    "milliseconds": "created_at = 17{d:11}",
    "float": "x = 0.1{nz:1}8{d:12}",
    "number": "n = 13{d:8};",
    "bad luhn": 'card_number = "4539{d:11}{badluhn:1}"',
    "test card": "number = 4242424242424242  # {d:3}",
    "long number": "seed = 1101{d:26}",
    "hex constant": "mask = 0x{hex:16}",
    "date range": "2019-01-{d:2} 2020-12-{d:2} ISBN 978-3-16-1484{d:2}-0",
    "fictional phone": 'tel = "(212) 555-01{d:2}"',
    "shared home": 'path = "/home/user/src/{first}.py"',
    "ci home": "/home/runner/work/{first}/{last}",
    "public user": "C:\\\\Users\\\\Public\\\\{first}",
    "route": "app.get('/home/index/{first}', show)",
    "public key": "-----BEGIN PUBLIC KEY-----\n{b64:64}\n-----END PUBLIC KEY-----",
    "certificate": "-----BEGIN CERTIFICATE-----\n{b64:64}\n{b64:64}\n-----END CERTIFICATE-----",
    "url without password": "postgres://{first}@db.internal:5432/{last}",
    "url with variable": "postgres://{first}:${PASS_{up:2}}@db:5432/{last}",
    "url with stand-in": "mysql://user:password@localhost/{first}_{d:2}",
    "simple password": 'password = "password{d:3}"',
    "minified": "function sk(a){return key-a.token=ghp_{low:4}}",
}


def _bad_luhn(text: str, rng: random.Random) -> str:
    digits = "".join(c for c in text if c.isdigit())
    good = luhn_digit(digits)
    return rng.choice([d for d in string.digits if d != good])


def _negative(shape: str, rng: random.Random) -> str:
    if "{badluhn:1}" in shape:
        text = fill(shape.replace("{badluhn:1}", "\x00"), rng)
        return text.replace("\x00", _bad_luhn(text, rng))
    return fill(shape, rng)


def positives() -> list[Sample]:
    """Every kind in every shape, PER_SHAPE times or as often as gives a kind ten."""
    rng, made = random.Random(SEED), []
    for kind, shapes in (KEYS | PERSONAL).items():
        for shape in shapes.split(" "):
            shape, _, name = shape.partition("|")
            for _ in range(PER_SHAPE):
                value = fill(shape, rng)
                named = name or f"{kind.split('_')[0].upper()}_{rng.choice(('TOKEN', 'KEY', 'VALUE'))}"
                context = rng.choice(PLAIN if kind in ("email", "user", "ipv4", "ipv6", "phone") else CONTEXTS)
                if "\n" in value:
                    context = '{name} = """{value}"""\n'
                head, tail = context.split("{value}", 1)
                before = rng.choice(BEFORE) + head.replace("{name}", named)
                text = before + value + tail.replace("{name}", named) + rng.choice(AFTER)
                start = len(before.encode())
                made.append(Sample(kind=kind, text=text, start=start, end=start + len(value.encode())))
    return made


def negatives() -> list[Sample]:
    """Every shape of NEGATIVES, NEGATIVES_PER_SHAPE times."""
    rng = random.Random(SEED + 1)
    return [
        Sample(kind=kind, text=rng.choice(BEFORE) + _negative(shape, rng) + "\n" + rng.choice(AFTER))
        for kind, shape in NEGATIVES.items()
        for _ in range(NEGATIVES_PER_SHAPE)
    ]
