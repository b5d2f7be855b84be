/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Who is asking: the current task's user, executable and cgroups. */
#pragma once

/* USER_HZ is 100 on every architecture: field 22 of /proc/PID/stat counts in it. */
#define TICK_NS 10000000ull

/* Typed: its fields are read by plain loads, which give 0 where a pointer leads nowhere. */
static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

static __always_inline void current_subject(struct subject *s)
{
	struct task_struct *task = current_task();
	__u64 ids = bpf_get_current_pid_tgid();
	s->pid = ids;
	s->tgid = ids >> 32;
	s->uid = bpf_get_current_uid_gid();
	s->exec_id = task->self_exec_id;
	s->cgroup = bpf_get_current_cgroup_id();
}

static __always_inline __u32 current_parent(void)
{
	return current_task()->real_parent->tgid;
}

static __always_inline void current_executable(struct executable *exe)
{
	struct inode *inode = current_task()->mm->exe_file->f_inode;
	__u32 dev = inode->i_sb->s_dev, major = dev >> 20, minor = dev & 0xfffff;
	/* As stat(2) shows it. */
	exe->dev = (minor & 0xff) | (major << 8) | ((__u64)(minor & ~0xffu) << 12);
	exe->ino = inode->i_ino;
}

static __always_inline void current_levels(struct levels *l)
{
	int above = 1;
#pragma unroll
	for (int level = 0; level < CGROUP_LEVELS; level++) {
		/* Below the task's own cgroup there is none. */
		l->id[level] = above ? bpf_get_current_ancestor_cgroup_id(level) : 0;
		above = above && l->id[level];
	}
}

/* The number that a process has in its own namespace, which is the innermost of those that count it. */
static __always_inline int is_numbered(struct task_struct *task, __u32 number, __u32 namespace)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid own = {};
	/* Read as a scalar, since the verifier takes no computed offset into a structure. */
	__u64 at = (__u64)pid + bpf_core_field_offset(struct pid, numbers) + (__u64)BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);
	if (bpf_probe_read_kernel(&own, sizeof(own), (void *)at) < 0 || own.nr != (int)number)
		return 0;
	return BPF_CORE_READ(own.ns, ns.inum) == namespace;
}

/* The loopback of another network namespace is another one: the resolver cannot be reached from there. */
static __always_inline int is_elsewhere(struct config *c)
{
	return c->resolver_network && current_task()->nsproxy->net_ns->ns.inum != c->resolver_network;
}

/* Of the task that makes a socket, which stays in the network that it was made in. */
static __always_inline int is_unseen(struct config *c)
{
	return current_task()->nsproxy->net_ns->ns.inum != c->inspected_network;
}

/* The resolver is known by pid and start time, so that a reused pid gains nothing. */
static __always_inline int is_resolver(struct config *c)
{
	struct task_struct *leader = current_task()->group_leader;
	if (!c->resolver_tgid || leader->start_boottime / TICK_NS != c->resolver_start)
		return 0;
	return is_numbered(leader, c->resolver_tgid, c->resolver_namespace);
}
