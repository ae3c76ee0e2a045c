"""The commands `cluster pack` and `cluster check`, and the options --env and --conf: curate.cli registers them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import RunFailed

cluster_app = typer.Typer(help="A cluster's machines: an environment to ship to them, and whether they are fit.")

Env = Annotated[
    str | None,
    typer.Option("--env", metavar="ARCHIVE", help="ship this environment of `codemill cluster pack` to the cluster"),
]
Conf = Annotated[
    list[str] | None, typer.Option("--conf", metavar="K=V", help="a Spark setting, as spark.executor.memory=4g")
]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines, for machines")]


@cluster_app.command()
def pack(
    out: Annotated[Path, typer.Option("--out", help="the archive to write, a .tar.gz")],
    extras: Annotated[
        list[str] | None, typer.Option("--with", help="an extra of codemill, or a distribution: remote, prose, torch")
    ] = None,
    with_spark: Annotated[bool, typer.Option("--with-spark", help="Spark's jars too, for machines without")] = False,
    as_json: _Json = False,
) -> None:
    """Pack this Python with codemill, its kernels and what it requires, to run where it is unpacked.

    Example: codemill cluster pack --out codemill-env.tar.gz --with remote
    """
    from curate.cluster_pack import pack as pack_environment

    packed = pack_environment(out, extras=extras or (), with_spark=with_spark)
    size = out.stat().st_size
    if as_json:
        told = {"archive": str(out), "bytes": size, "files": packed.files, "unpacked_bytes": packed.bytes}
        print(json.dumps(told | {"distributions": packed.distributions}))
        return
    print(
        f"{len(packed.distributions)} distributions, {packed.files:,} files, {packed.bytes / 1e6:,.0f} MB unpacked, "
        f"{size / 1e6:,.0f} MB packed"
    )
    print(f"archive   {out}")


@cluster_app.command()
def check(
    out: Annotated[Path, typer.Option("--out", help="the folder that a run will write, on the shared file system")],
    master: Annotated[str, typer.Option(help="spark://HOST:PORT, yarn, k8s://URL")],
    environment: Env = None,
    conf: Conf = None,
    as_json: _Json = False,
) -> None:
    """Look at every machine of a cluster: its Python and codemill, time to the first batch, and whether it sees OUT.

    Example: codemill cluster check --master spark://host:7077 --env codemill-env.tar.gz --out /shared/out
    """
    from curate import cluster_check, session
    from curate.cluster import spark_settings

    session.check_master(master)
    settings = cluster_check.WAIT_FOR_ALL | spark_settings(conf or ())
    spark = session.start(master, settings, environment)
    try:
        machines = cluster_check.look(spark, out.absolute())
    finally:
        spark.stop()
    for one in machines:
        kernels = f"{one.compiled} kernels compiled anew" if one.compiled else "kernels found compiled"
        told = (
            f"{one.host}: {one.processes} workers, Python {one.python}, first batch after {one.seconds:.1f} s, "
            f"{kernels}, {'the same' if one.same_code else 'ANOTHER'} codemill at {one.place}, "
            f"--out {'is' if one.shares_out else 'IS NOT'} shared"
        )
        print(json.dumps(vars(one) | {"fit": one.fit}) if as_json else told)
    if unfit := [one.host for one in machines if not one.fit]:
        raise RunFailed(
            f"{len(unfit)} of {len(machines)} machines are not fit for a run, as {unfit[0]}: ship this codemill by "
            f"--env, and name an --out on a file system that all mount at the same path and may write to"
        )
