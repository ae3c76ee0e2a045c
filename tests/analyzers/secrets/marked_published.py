"""The second part of the marked corpus: forms in which other tools' published test fixtures put secrets and persons.

The forms are modelled on the fixtures of gitleaks (its sample generator and rules), trufflehog (detectors),
detect-secrets (plugins) and presidio (recognizers), and on the patterns of secrets-patterns-db; lines and values are
made here, from a seed. It was written and frozen before the patterns were tried on it: `test_secrets_published.py` has
its digest. ⟦ and ⟧ stand around a value; a form without them is a negative.
"""

from __future__ import annotations

import random

from marked import AFTER, BEFORE, SEED, Sample, _negative, fill

PER_FORM = 9
NEGATIVES_PER_FORM = 32

_WRITTEN = (
    '{n}Token="⟦{v}⟧"',
    "{n}Token = ⟦{v}⟧",
    '⁅\n    "{n}_token": "⟦{v}⟧"\n⁆',
    '\\"{n}_token\\": \\"⟦{v}⟧\\"',
    "<{n}Token>⟦{v}⟧</{n}Token>",
    "<{n}Token>\n    ⟦{v}⟧\n</{n}Token>",
    "{n}_token: |\n  ⟦{v}⟧",
    "{n}_token: '⟦{v}⟧'",
    'string {n}Token = "⟦{v}⟧";',
    'var {n}Token string = "⟦{v}⟧"',
    "{n}Token := `⟦{v}⟧`",
    '${n}Token .= "⟦{v}⟧"',
    "{n}Token,⟦{v}⟧,",
    '  "{n}Token" => "⟦{v}⟧"',
    '{n}_TOKEN ::= "⟦{v}⟧"',
    '{n}_TOKEN ?= "⟦{v}⟧"',
    'System.setProperty("{n}_TOKEN", "⟦{v}⟧")',
)
"""Assignments as gitleaks' generator writes them for every kind; {n} is a name, {v} a value, ⁅ and ⁆ are braces."""

_GITLEAKS = {
    "github_token": "ghp_{crc:30}",
    "gitlab_token": "glpat-{url:20}",
    "openai_key": "sk-{b62:20}T3BlbkFJ{b62:20}",
    "password": "{low:32}",
    "digitalocean_token": "dop_v1_{hex:64}",
}

_OTHERS: tuple[tuple[str, str], ...] = (
    # trufflehog: a secret in a sentence
    ("aws_access_key", "You can find a aws secret within awsId ⟦AKIA{b32:16}⟧"),
    ("gitlab_token", "You can find a gitlab secret ⟦glpat-{url:20}⟧ within"),
    ("stripe_key", "You can find a stripe secret ⟦rk_live_{b62:24}⟧ within"),
    ("slack_webhook", "curl -X POST -d @p.json ⟦https://hooks.slack.com/services/T{up:8}/B{up:10}/{b62:24}⟧"),
    ("sendgrid_key", "You can find a sendgrid secret ⟦SG.{url:22}.{url:43}⟧ within but not valid"),
    ("anthropic_key", "-H 'x-api-key: ⟦sk-ant-api03-{url:93}AA⟧'"),
    ("huggingface_token", "You can find a huggingface secret ⟦hf_{b62:34}⟧"),
    ("private_key", '"key": "⟦{pemjson:1}⟧"'),
    # trufflehog: connection strings of drivers
    ("connection_string", "https://{first}:⟦{b62:10}⟧@www.{org}.com/gallery/image/default.aspx?{d:4}"),
    ("connection_string", "(jdbc:mysql://{first}:⟦{b62:12}⟧@tcp(10.2.0.{d:2}:1521)/orders)"),
    ("connection_string", "redis://:⟦{b62:24}⟧@cache-{d:2}.{org}.net:6379/0"),
    ("connection_string", "ftp://{first}:⟦{b62:9}⟧@files.{org}.com/in"),
    ("connection_string", "mongodb://{first}:⟦{b62:11}⟧@h1.{org}.net:27017,h2.{org}.net:27017/?replicaSet=rs0"),
    ("connection_string", "amqps://{first}:⟦{b62:20}⟧@rabbit.{org}.io/vhost"),
    ("password", "<jdbc-url>jdbc:postgresql://db.{org}.net/orders?sslmode=disable&password=⟦{b62:12}⟧&user={first}</jdbc-url>"),
    ("password", "jdbc:sqlserver://10.1.0.{d:2}:1433;databaseName=orders;user={first};password=⟦{b62:14}⟧;encrypt=false"),
    ("password", "Server=tcp:{org}.database.windows.net,1433;User ID={first};Password=⟦{b62:16}⟧;Encrypt=True;"),
    # detect-secrets: keywords before values of every kind of character
    ("password", 'apikey := "⟦{low:4}-{low:5}_$#{b62:9}⟧"'),
    ("password", "'theapikey': '⟦{b62:6}-{b62:8}!{d:2}⟧'"),
    ("password", 'apikey = @"⟦{b62:22}⟧"'),
    ("password", 'some_dict["secret"] = "⟦{b62:18}⟧"'),
    ("password", "private_key '⟦{b62:24}⟧';"),
    ("password", "my_password=⟦{b62:14}⟧"),
    ("password", "if (db_pass == \"⟦{b62:16}⟧\") ⁅"),
    ("password", "bcrypt_secret: \"⟦{b62:16}⟧\""),
    ("artifactory_key", "artif-key:⟦AKCp{b62:69}⟧"),
    ("artifactory_key", "X-JFrog-Art-Api: ⟦AKCp{b62:69}⟧"),
    ("npm_token", "//registry.npmjs.org/:_authToken=⟦npm_{crc:30}⟧"),
    ("password", "//registry.npmjs.org/:_authToken=⟦{uuid:1}⟧"),
    ("mailchimp_key", "api = MailChimp('⟦{hex:32}-us{d:1}⟧')"),
    ("telegram_token", "bot = Bot('⟦{nz:1}{d:8}:AA{url:33}⟧')"),
    ("square_token", "square_oauth = ⟦sq0csp-{url:43}⟧"),
    ("jwt", "Authorization: Bearer ⟦{jwt:1}⟧"),
    ("pypi_token", "password = ⟦pypi-AgEIcHlwaS5vcmc{url:90}⟧"),
    ("discord_token", "client.run('⟦M{b62:23}.{url:6}.{url:27}⟧')"),
    (
        "azure_storage_key",
        "DefaultEndpointsProtocol=https;AccountName={first};⟦AccountKey={b64:86}==⟧;EndpointSuffix=x",
    ),
    # secrets-patterns-db: names of services before plain values
    ("password", "heroku_api_key: ⟦{uuid:1}⟧"),
    ("password", "twitter_secret_key = '⟦{b62:40}⟧'"),
    ("password", "algolia_api_key=\"⟦{hex:32}⟧\""),
    ("aws_secret_key", "aws_secret_access_key = ⟦{b64:40}⟧"),
    # presidio: persons in sentences
    ("email", "my email is ⟦{first}@{org}.com⟧."),
    ("email", "try one of this emails: ⟦{first}.{last}@{org}.co.uk⟧ or call"),
    ("phone", "My US number is ⟦({area:1})^{exch:1}-{d:4}⟧, and"),
    ("phone", "my international one is ⟦+1^{area:1}^{exch:1}^{d:4}⟧"),
    ("phone", "Rufen Sie an: ⟦+49^30^{d:4}^{d:4}⟧"),
    ("phone", "call ⟦{area:1}-{exch:1}-{d:4}⟧ for support"),
    ("card", "my credit card: ⟦{card:1}⟧"),
    ("card", "pay with ⟦{carddash:1}⟧ today"),
    ("ipv4", "microsoft.com ⟦{ip4:1}⟧"),
    ("ipv4", "IP: ⟦{ip4:1}⟧."),
    ("ipv4", "Primary: ⟦{ip4:1}⟧, see below"),
    ("ipv6", "my ip is ⟦{ip6z:1}⟧"),
    ("ipv6", "Connect to [⟦{ip6:1}⟧]:8080"),
    ("cn_id", "身份证号码：⟦{cnid:1}⟧"),
    ("cn_mobile", "联系电话：⟦{mob:1}⟧"),
)  # fmt: skip

NEGATIVES: dict[str, str] = {
    "gitleaks: terraform id": "client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.client-vpn-{low:6}.id",
    "gitleaks: prose": "password combination.\n\nR{d:1}: Regulatory--21",
    "gitleaks: go.sum": "google.golang.org/api v0.{d:2}.0 h1:{b64:43}=",
    "gitleaks: key alias": 'keyAlias: "{low:8}-alias/terraform-{low:5}"',
    "gitleaks: monkey": "monkeys={low:12}-{low:4}",
    "gitleaks: author": "author = {first}-{last}-{low:4}",
    "gitleaks: secret name": "secretName: '{low:6}-{low:8}-tls'",
    "gitleaks: camel": "accessToken = createAccessTokenFor{first}{last}Account",
    "gitleaks: digest": "TokenSha256: 'sha256:{hex:64}'",
    "gitleaks: csrf": "csrfToken = Cookies.get('csrftoken_{low:6}')",
    "gitleaks: icon": '<i class="fa-key-{low:6} key-{low:10}"></i>',
    "detect-secrets: empty": 'theapikey{d:3} := ""',
    "detect-secrets: fake": 'my_password = "fakesecret{d:3}"',
    "detect-secrets: link": "password: ${link_{low:5}}",
    "detect-secrets: call": "my_password = foo_{low:4}(hey)you",
    "detect-secrets: json body": "my_password = request.json_body['hey{d:2}']",
    "detect-secrets: true": "my_password_{low:3} = True",
    "detect-secrets: same name": "login(username=username, password=password)  # {d:3}",
    "detect-secrets: php": "$password = $input{d:2};",
    "detect-secrets: member": "apiKey: this.apiKey{low:3},",
    "detect-secrets: read file": "apiKey: fs.readFileSync('foo{d:2}',",
    "detect-secrets: erb": "http://localhost:5000/<%= @variable{d:2} %>",
    "detect-secrets: public key": "-----BEGIN PUBLIC KEY-----\n{b64:64}\n-----END PUBLIC KEY-----",
    "detect-secrets: git sha": "revision: {hex:40}",
    "detect-secrets: sequence": 'secret = "abcdefghijklmnop{d:1}"',
    "detect-secrets: template": 'token: "{{ vault_{low:8} }}"',
    "trufflehog: file protocol": "file://user:pass@foo.com:{d:3}/wh/at/ever",
    "trufflehog: jdbc sample": "jdbc:mysql://user:pass@host:3306/db?param={d:2}",
    "trufflehog: jdbc host": "jdbc:postgresql://#⁅uri.host⁆#⁅uri.path⁆?user=#⁅uri.user⁆{d:2}",
    "trufflehog: documented aws": "AKIAIOSFODNN7EXAMPLE within awsId {d:4}",
    "trufflehog: masked": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX {d:2}",
    "patterns-db: test stripe": "pk_test_{b62:24}",
    "patterns-db: uuid": "heroku_app_id: {uuid:1}",
    "presidio: bad octet": "192.168.1.256 and 300.{d:2}.1.1",
    "presidio: short ip": "my ip: 192.168.{d:1}",
    "presidio: ratio": "Ratio 1:2:3:{d:1}",
    "presidio: member": "MyClass::toString{low:3}",
    "presidio: color": "CSS color #ff{hex:4}",
    "presidio: bad card": "my credit card number is 4012-8888-8888-188{badluhn4012888888888188:1}",
    "presidio: no domain": "my email is {first}@{last}.",
    "presidio: documented phone": "call ({area:1}) 555-01{d:2}",
    "presidio: documented ipv6": "Visit http://[2001:db8::{d:1}]/path",
    "presidio: loopback": "src=:: dst=::1 {d:2}",
}  # fmt: skip


def _made(shape: str, rng: random.Random) -> str:
    """`fill` with braces, PEM in JSON, and cards with dashes."""
    if "{pemjson:1}" in shape:
        shape = shape.replace("{pemjson:1}", fill("{pem:1}", rng).replace("\n", "\\n"))
    if "{carddash:1}" in shape:
        shape = shape.replace("{carddash:1}", fill("{cardg:1}", rng).replace(" ", "-"))
    if "{badluhn4012888888888188:1}" in shape:
        return _negative(shape.replace("{badluhn4012888888888188:1}", "{badluhn:1}"), rng)
    return fill(shape, rng)


def _sample(kind: str, form: str, rng: random.Random) -> Sample:
    line = _made(form, rng).replace("⁅", "{").replace("⁆", "}")
    before, text = rng.choice(BEFORE), line + "\n" + rng.choice(AFTER)
    head, _, rest = (before + text).partition("⟦")
    value, _, tail = rest.partition("⟧")
    if not value:
        return Sample(kind=kind, text=before + text)
    start = len(head.encode())
    return Sample(kind=kind, text=head + value + tail, start=start, end=start + len(value.encode()))


def positives() -> list[Sample]:
    """Every form PER_FORM times."""
    rng = random.Random(SEED + 2)
    forms = list(_OTHERS)
    for kind, shape in _GITLEAKS.items():
        name = kind.split("_")[0]
        forms += [(kind, form.replace("{n}", name).replace("{v}", shape)) for form in _WRITTEN]
    return [_sample(kind, form, rng) for kind, form in forms for _ in range(PER_FORM)]


def negatives() -> list[Sample]:
    """Every form of NEGATIVES, NEGATIVES_PER_FORM times."""
    rng = random.Random(SEED + 3)
    return [_sample(kind, form, rng) for kind, form in NEGATIVES.items() for _ in range(NEGATIVES_PER_FORM)]
