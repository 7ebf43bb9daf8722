"""Memory that is free, under the limits of jobs, containers and shells."""

import subprocess
import sys

import pytest

from mfjax import memory

GIB = 2**30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that makes a machine with 64 GiB whose files under /proc/self and /sys/fs/cgroup have some content."""
    monkeypatch.setattr(memory, "_available_memory", lambda: 64 * GIB)
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "PROCESS", tmp_path / "process")

    def make(**files):
        for name, content in files.items():
            path = tmp_path.joinpath(*name.split("__")).with_suffix("")
            path = path.parent / path.name.replace("memory_", "memory.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")

    return make


def test_a_limit_of_a_container_counts_less_what_it_uses_and_could_not_drop(machine):
    stat = f"anon {GIB}\ninactive_file {GIB}\n"
    machine(cgroup__memory_max=4 * GIB, cgroup__memory_current=2 * GIB, cgroup__memory_stat=stat)
    assert memory.host_memory() == 3 * GIB


def test_the_limit_of_a_group_around_a_jobs_own_counts(machine):
    machine(process__cgroup="0::/slurm/job/step", cgroup__slurm__job__step__memory_max="max")
    assert memory.host_memory() == 64 * GIB
    machine(cgroup__slurm__job__memory_max=2 * GIB, cgroup__slurm__job__memory_current=GIB)
    assert memory.host_memory() == GIB


def test_a_limit_of_the_first_version_of_groups_counts(machine):
    machine(
        process__cgroup="11:cpuset:/\n4:cpu,memory:/docker/1\n0::/",
        cgroup__memory__docker__1__memory_limit_in_bytes=GIB,
    )
    assert memory.host_memory() == GIB


def test_more_in_use_than_the_limit_leaves_nothing(machine):
    machine(cgroup__memory_max=GIB, cgroup__memory_current=2 * GIB)
    assert memory.host_memory() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="macOS keeps to no limit of the address space")
def test_a_limit_of_the_address_space_counts():
    code = (
        "import resource; from mfjax import memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); print(memory.host_memory())"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert 0 < int(told) < GIB
