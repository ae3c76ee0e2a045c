"""The rules by which analyzers.portrait.module_kind tells what part a file plays, in the order in which they are tried.

They run from what a path proves to what a text suggests. Names of files and folders are those that build tools,
frameworks and custom give; annotations and base classes are those of their frameworks.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A file is of `kind` if all holds: `path` is found in its lower-cased path, which begins with "/", and `not_path`
    is not; `text` is found in its head and `not_text` is not (all in Hyperscan's syntax, ^ and $ at lines); its
    language is one of `languages`, by commas, where CODE means every programming language and unknown ones."""

    kind: str
    path: str = ""
    text: str = ""
    languages: str = ""
    not_path: str = ""
    not_text: str = ""


CODE = "code"

RULES: tuple[Rule, ...] = (
    Rule("migration",
         path=r"/(?:migrations?|migrate)/(?:.*/)?(?:v?\d+[_\w.-]*|[\w-]*_\d[\w-]*)\.(?:py|rb|php|sql|js|ts)$"),
    Rule("migration",
         text=r"^class \w+\(migrations\.Migration\)|< ActiveRecord::Migration|extends (?:Abstract)?Migration\b|"
         r"^(?:down_revision|revision)\s*[:=]", languages="Python,Ruby,PHP", not_path=r"/tests?/"),
    Rule("ci", path=r"/\.(?:github/workflows|circleci|gitlab-ci|buildkite)\b|/(?:\.travis|appveyor|azure-pipelines|"
         r"\.gitlab-ci)\.ya?ml$|/jenkinsfile$|/circleci/"),
    Rule("i18n",
         path=r"\.(?:po|pot|xlf|xliff|strings|resx|arb)$|/(?:i18n|locales?|l10n|lang|languages|translations?|"
         r"messages)/(?:.*/)?[\w.-]+\.(?:json|ya?ml|properties|xml|php|js|rb|ini)$|/values-[a-z]{2}[\w-]*/|"
         r"diagnosticmessages\.generated|/locale/[\w-]+/(?:.*/)?\w+\.(?:py|m?js|ts)$", not_path=r"\.d\.ts$"),
    Rule("fixture",
         path=r"/(?:fixtures?|testdata|test_data|__mocks__|__fixtures__|mocks?|cassettes|snapshots|__snapshots__|"
         r"testfiles|test[-_]examples|golden)/|/tests?/(?:data|files|resources|source|target|fixed|base|"
         r"inputs?)/"),
    Rule("benchmark",
         path=r"/(?:bench(?:mark)?s?|perf(?:ormance)?[-_]tests?)/|[-_.]bench(?:mark)?\.\w+$|/bench_\w+\.\w+$"),
    Rule("test", path=r"/(?:tests?|__tests__|unit_?tests?|e2e|spec|specs|testing/tests|testsuites?|molecule)/",
         languages="code,YAML,CSV", not_path=r"\.d\.ts$"),
    Rule("test", path=r"/(?:test[-_][^/]*|[^/]*[-_.]tests?|[^/]*\.spec|[^/]*_spec|conftest|tests?)\.\w+$|"
         r"/[^/]*[a-z]tests?\.(?:java|kt|cs|scala|swift|mm?|php)$", languages="code", not_path=r"\.d\.ts$"),
    Rule("example", path=r"/(?:examples?|demos?|samples?|tutorials?|listings|snippets|playground|quickstart)/",
         not_path=r"/examples/jsm/|/(?:package|cargo|composer)\.(?:json|toml)$|\.erb$|/app/"),
    Rule("build",
         path=r"/(?:makefile|gnumakefile|cmakelists\.txt|setup\.py|setup\.cfg|pyproject\.toml|cargo\.toml|go\.mod|"
         r"pom\.xml|package\.json|composer\.json|gemfile|rakefile|build\.xml|build\.sbt|meson\.build|"
         r"configure(?:\.ac|\.in)?|sconstruct|manifest\.in|requirements[\w.-]*\.txt|bower\.json|project\.clj|"
         r"mix\.exs|rebar\.config|package\.swift|podfile|info\.rkt|module-info\.java|kconfig|kbuild|"
         r"(?:webpack|rollup|vite|babel|gulpfile|gruntfile)[\w.-]*\.(?:js|ts|cjs|mjs))$|\.(?:gradle|"
         r"gradle\.kts|cmake|mk|am|m4|bazel|bzl|gyp|gypi|pc|pro|pri|gemspec|podspec|cabal|csproj|vcxproj|sln|"
         r"nuspec|spec|pc\.in|cmake\.in|mak)$|/debian/(?:rules|control|patches/)|/build(?:\.\w+)?$|"
         r"\.(?:patch|diff)$"),
    Rule("deploy",
         path=r"/(?:dockerfile[\w.-]*|containerfile|docker-compose[\w.-]*|compose\.ya?ml|procfile|vagrantfile|"
         r"chart\.yaml|kustomization\.ya?ml|skaffold\.ya?ml)$|\.(?:tf|tfvars|hcl)$|/(?:k8s|kubernetes|helm|"
         r"terraform|ansible|deploy(?:ment)?s?)/.*\.(?:ya?ml|json)$"),
    Rule("notebook", path=r"\.ipynb$"),
    Rule("interface", path=r"\.(?:d\.[mc]?ts|pyi|rbs|mli|hs-boot|idl|sig)$"),
    Rule("schema",
         path=r"/schemas?/.*\.(?:json|ya?ml|xml|sql|graphql)$|\.(?:proto|thrift|avsc|xsd|graphqls?|gql|prisma|fbs|"
         r"capnp|rng|rnc|dtd|schema\.json)$|/schema\.(?:rb|sql|py|graphql|json)$"),
    Rule("schema", text=r"^\s*\"\$schema\"\s*:\s*\"https?://json-schema", languages="JSON"),
    Rule("schema", text=r"^\s*create\s+(?:or replace\s+)?(?:table|view|schema)\b",
         languages="SQL,PLSQL,PLpgSQL,TSQL"),
    Rule("docs",
         path=r"/(?:readme|changelog|changes|news|history|authors|contributors|contributing|copying|copyright|"
         r"licen[cs]e|notice|security|code_of_conduct|todo|install|upgrading|faq|maintainers|thanks|credits|"
         r"presubj)(?:[-.][\w.-]*)?$",
         not_path=r"\.(?:rb|py|js|ts|go|c|h|java|php|rs|lua|pl|cpp|cs|kt|swift|css|json)$"),
    Rule("docs",
         path=r"/(?:docs?|help|man|manual|documentation|doc-base)/.*\.(?:md|rst|txt|html?|adoc|texi|tex|\d|xml)$|"
         r"/doc-base/|/doc\.go$|/package-info\.java$|/doc_fragments/"),
    Rule("style", path=r"\.(?:css|scss|sass|less|styl|pcss)$|/styles?/(?:.*/)?[^/]+\.(?:js|ts|jsx|tsx)$|"
         r"[./-]styles?\.(?:js|ts|tsx|jsx)$"),
    Rule("template",
         path=r"\.(?:erb|haml|slim|ejs|hbs|mustache|jinja2?|j2|tmpl|tpl|twig|liquid|pug|jade|cshtml|razor|jsp|ftl|"
         r"vm|eex|heex|phtml|gotmpl|mako)$|/templates?/.*\.(?:html?|txt|xml|php)$|\.blade\.php$"),
    Rule("view", path=r"\.(?:vue|svelte|astro|xaml|storyboard|xib|qml|ui|fxml|axml)$|/res/layout[\w-]*/"),
    Rule("config",
         path=r"/\.[\w-]+(?:rc|ignore|attributes|config)(?:\.\w+)?$|/(?:\.vscode|\.idea|\.settings|config|conf\.d|"
         r"initializers|logrotate\.d|systemd|defconfigs?)/|\.(?:ini|conf|cfg|cnf|properties|env|toml|"
         r"editorconfig|service|desktop|timer|socket|plist|reg)$|/(?:config|settings|configuration|conf|"
         r"theme|zshrc|zshenv|zprofile)(?:\.\w+)?$|/[ft]sconfig[\w.-]*\.json$|(?:config|settings)\.(?:json|"
         r"ya?ml|xml|toml)$", not_path=r"/(?:core/)?config/[^/]+/.*\.(?:h|hpp|c|cc)$|\.(?:h|hpp|ipp)$"),
    Rule("command",
         path=r"/(?:management/commands|commands?|cmd|cli|bin)/(?:[^/]+/)?[^/]+\.(?:py|go|rs|rb|js|ts|php|java|"
         r"kt)$|/(?:cli|__main__|commands?|main_?cli)\.(?:py|rs|js|ts|go)$|/plugins/modules/[^/]+\.py$",
         not_path=r"/(?:__init__|index)\.\w+$|/vendor/"),
    Rule("exception",
         path=r"/(?:exceptions?|errors?)(?:\.\w+)$|(?:exception|error)s?\.(?:java|kt|cs|php|rb|py|scala|swift|js|"
         r"ts)$", languages="code"),
    Rule("interface", text=r"\A(?:\s|//[^\n]*\n|/\*[\s\S]*?\*/|<\?php|\b(?:package|import|namespace|use|pragma|"
         r"declare)\b[^\n]*\n|@\w+[^\n]*\n|#[^\n]*\n)*(?:public |export |abstract |sealed |"
         r"internal )*(?:@?interface|protocol|trait) \w+", languages="Java,Kotlin,C#,PHP,Swift,Scala,Solidity"),
    Rule("controller",
         path=r"/(?:controllers?|routes?|routers?|handlers?|endpoints|resources|api)/(?:.*/)?[^/]*(?:controller|"
         r"router?|handler|routes|resource|endpoint|view)s?\.\w+$|(?:[a-z]|[-_])(?:controller|"
         r"resource)s?\.(?:rb|php|java|kt|cs|py|js|ts|go|scala|swift|mm?)$|/(?:urls|routes|views|viewsets|"
         r"responses|router|routing|handlers?)\.(?:py|js|ts|rb|rs|php)$", languages="code",
         not_path=r"/(?:includes?|kernel|drivers)/[\w/]*(?:fork|device)|uiview"),
    Rule("controller",
         text=r"^@(?:RestController|Controller|RequestMapping|Path\()|^\s*@(?:app|router|bp|blueprint)\.(?:route|"
         r"get|post|put|delete)\(|\[ApiController\]|\bextends (?:AbstractController|ControllerBase|"
         r"BaseController)\b", languages="code"),
    Rule("middleware", path=r"/(?:middlewares?|interceptors?|filters/http|guards)/|[-_./](?:middleware|interceptor|"
         r"guard)s?\.\w+$|[a-z](?:middleware|interceptor)\.\w+$", languages="code"),
    Rule("dal", path=r"/(?:dao|daos|repository|repositories|mappers?|persistence|dal|queries|stores?)/|(?:[-_/]|"
         r"[a-z])(?:dao|repository|mapper)(?:impl)?\.\w+$|/(?:sql|queries|database|db)\.(?:py|js|ts|go|rs|rb|"
         r"php)$", languages="code"),
    Rule("dal", text=r"^@(?:Repository|Mapper|Dao)\b|\bextends (?:Jpa|Crud|PagingAndSorting|Mongo)Repository\b",
         languages="code"),
    Rule("dto",
         path=r"/(?:dtos?|vo|serializers?|payloads?)/|(?:[-_/]|[a-z])(?:dto|serializer|ntuple|namedtuple)s?\.\w+$|"
         r"/[\w-]*(?:request|response)s?\.(?:java|kt|cs)$", languages="code"),
    Rule("facade", path=r"(?:[-_/]|[a-z])facade(?:impl)?\.\w+$|/facades?/", languages="code"),
    Rule("service",
         path=r"/services?/(?:.*/)?[^/]*service(?:impl)?s?\.\w+$|[a-z]service(?:impl)?\.(?:java|kt|cs|ts|php|"
         r"scala)$|[-_.]service\.\w+$|/services?\.(?:py|go|rb|js|ts|rs)$", languages="code"),
    Rule("service", text=r"^@(?:Service|ApplicationScoped|Stateless)\b", languages="code"),
    Rule("job",
         path=r"/(?:jobs|workers?|tasks|consumers|cron)/[^/]+\.(?:py|rb|php|js|ts|java|go)$|(?:[-_/]|[a-z])(?:job|"
         r"worker)\.(?:rb|php|java|kt|cs|py)$|/(?:tasks|jobs|workers)\.py$", languages="code"),
    Rule("model", path=r"/(?:models?|entit(?:y|ies)|domain)/[^/]+\.(?:rb|py|php|java|kt|cs|ts|js|go|swift|scala)$|"
         r"/(?:models?|entities|modeling_\w+|modelling_\w+)\.(?:py|rb|js|ts|go|rs)$|[-_.](?:model|"
         r"entity)\.\w+$|[a-z](?:model|entity)\.(?:java|kt|cs|php|swift)$", languages="code",
         not_path=r"/(?:__init__|index)\.\w+$"),
    Rule("model", path=r"/(?:[\w]*modeling|modular)_\w+\.py$"),
    Rule("model", text=r"^@(?:Entity|Table|Document|MappedSuperclass)\b|^class \w+\((?:models\.Model|db\.Model|"
         r"DeclarativeBase|SQLModel)\)|^class \w+ < (?:ApplicationRecord|ActiveRecord::Base)|extends Model\b",
         languages="code"),
    Rule("helper", path=r"/(?:helpers?|templatetags)/|[-_/](?:helper)s?\.\w+$|[a-z]helper\.(?:java|cs|php|kt)$",
         languages="code", not_path=r"/(?:__init__|index)\.\w+$"),
    Rule("index", path=r"/(?:__init__\.py|mod\.rs|pkgindex\.tcl)$|/index\.(?:m?js|cjs|tsx?|jsx)$|/index\.\w+\.js$"),
    Rule("script",
         path=r"/(?:scripts?|bin|sbin|tools/scripts|init\.d|xsession\.d|hooks|maintenance)/(?:.*/)?[^/]+$|"
         r"\.(?:bat|cmd|ps1)$", languages="code"),
    Rule("script", path=r"/(?:scripts?|bin|sbin|init\.d|xsession\.d|hooks)/(?:.*/)?[^/.]+$",
         languages="Text,Unknown"),
    Rule("header", path=r"\.(?:h|hh|hpp|hxx|h\+\+|ipp|tpp|inl|inc|cuh)$",
         languages="C,C++,Objective-C,Objective-C++,Cuda,Pascal,Text,Unknown,PHP,Assembly"),
    Rule("header",
         text=r"^\s*#\s*ifndef\s+\w+\s*\n\s*#\s*define\s+\w|^#pragma once|^#include_next\b|Emacs.*-\*- C\+\+ -\*-",
         languages="C,C++", not_path=r"\.(?:c|cc|cpp|cxx|m|mm)$"),
    Rule("interface", path=r"iface/[^/]+\.go$|/interfaces?\.(?:go|ts|py)$"),
    Rule("constants",
         path=r"/[\w-]*(?:constants?|consts?|enums?|keywords|unicode[\w-]*|_mapping|addresses|parms?)\.\w+$|"
         r"_const\.\w+$", languages="code"),
    Rule("view",
         text=r"\bfrom ['\"]react['\"]|require\(['\"]react['\"]\)|extends (?:QWidget|QDialog|QMainWindow|JFrame|"
         r"JPanel|Activity|Fragment|StatelessWidget|StatefulWidget)\b|: public Q(?:Widget|Dialog|"
         r"MainWindow)\b", languages="JavaScript,TypeScript,TSX,Java,Kotlin,Dart,C++,Python",
         not_path=r"/(?:hooks?|_?utils?|theme|context)/|/use[a-z]|context\.\w+$"),
    Rule("view", path=r"/(?:views?|components?|widgets?|screens|pages|dialogs?|activities|fragments)/",
         languages="JavaScript,TypeScript,TSX,Java,Kotlin,Swift,Dart,C#,Objective-C"),
    Rule("command", text=r"\bargparse\.ArgumentParser\(|^@(?:click\.command|app\.command)|"
         r"^package main\n[\s\S]*\n\s*\"flag\"|\bclap::Parser\b|JupyterApp\b|AnsibleModule\(|"
         r"extends Command\b|(?:Core|)Command\):$", languages="code", not_path=r"/convert_"),
    Rule("script", text=r"^#(?:compdef|autoload)\b|RUN_MAINTENANCE_IF_MAIN|extends Maintenance\b|^emulate -L zsh|"
         r"^require_once .*/admin\.php", languages="code,Text,Unknown"),
    Rule("script", text=r"\A#!", languages="code,Text,Unknown"),
    Rule("script", text=r"^if __name__ == ['\"]__main__['\"]", languages="Python", not_text=r"^class "),
)  # fmt: skip
