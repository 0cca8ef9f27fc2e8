/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The calling process: gives it an id and announces it with name, path, command line, user and parent, at its first traced
 * call and after each exec(). Later it may have ended: for a process of 5 ms this is the only source of its name.
 */
#ifndef PORTCHURN_PROCESS_BPF_H
#define PORTCHURN_PROCESS_BPF_H

#include "cgroup.bpf.h"
#include "state.bpf.h"

#define EXE_DEPTH_MAX 20
#define NAME_MAX_BYTES 256

/* Appends one path component; returns the bytes now used, or a negative number when there is no room. */
static __always_inline int append_name(struct process_event *e, __u32 used, struct dentry *dentry)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	int length;

	if (used > EXE_LEN - NAME_MAX_BYTES)
		return -1;
	length = bpf_probe_read_kernel_str(&e->exe[used], NAME_MAX_BYTES, name);
	return length <= 0 ? -1 : (int)used + length;
}

/*
 * Walks from the executable's dentry to the root, crossing mounts as d_path() does, and stores the components, the file's
 * own name first: bpf_d_path() is not allowed in these programs. Returns 0, or PROCESS_EXE_CUT. It is a global function so
 * that the verifier checks the loop once per program, and does not check the code after the call again for every exit of the
 * loop (300,000 instructions, most of a second of start-up). A global function may take a kernel pointer only as a number.
 */
__noinline int read_exe(struct process_event *e, __u64 exe_file)
{
	struct file *exe = (struct file *)exe_file;
	struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);
	struct vfsmount *vfs = BPF_CORE_READ(exe, f_path.mnt);
	struct mount *mount = (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	__u32 used = 0;

	if (!e)
		return 0;
	for (int i = 0; i < EXE_DEPTH_MAX; i++) {
		struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
		struct mount *above;
		int next;

		if (dentry != root) {
			next = append_name(e, used, dentry);
			if (next < 0)
				break;
			used = next;
			e->exe_len = used;
			dentry = BPF_CORE_READ(dentry, d_parent);
			continue;
		}
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount)
			return 0;
		dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		mount = above;
	}
	return PROCESS_EXE_CUT;
}

static __always_inline void read_program(struct process_event *e, struct file *exe)
{
	if (BPF_CORE_READ(exe, f_inode, i_nlink) == 0)
		e->flags |= PROCESS_EXE_DELETED;
	e->flags |= read_exe(e, (__u64)exe);
}

/*
 * Only the memory of the current process can be read, and only what is paged in; user space reads the rest from /proc. A long
 * command line says at one of its ends which program it is: a script stands at its beginning, java's class at its end.
 */
static __always_inline void read_cmdline(struct process_event *e, struct mm_struct *mm)
{
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	__u64 length = BPF_CORE_READ(mm, arg_end) - start;

	if (length <= CMDLINE_LEN) {
		if (bpf_probe_read_user(e->cmdline, length, (void *)start) == 0)
			e->cmdline_len = length;
		return;
	}
	e->flags |= PROCESS_CMDLINE_CUT;
	if (bpf_probe_read_user(e->cmdline, CMDLINE_HEAD, (void *)start))
		return;
	e->cmdline_len = CMDLINE_HEAD;
	start += length - (CMDLINE_LEN - CMDLINE_HEAD);
	if (bpf_probe_read_user(&e->cmdline[CMDLINE_HEAD], CMDLINE_LEN - CMDLINE_HEAD, (void *)start) == 0)
		e->cmdline_len = CMDLINE_LEN;
}

/* Neither the process nor its parent has called exec() since the fork. */
static __always_inline bool runs_parents_program(struct task_struct *leader, struct task_struct *parent)
{
	__u64 own = BPF_CORE_READ(leader, self_exec_id);

	return own == BPF_CORE_READ(leader, parent_exec_id) && own == BPF_CORE_READ(parent, self_exec_id);
}

static __always_inline void read_identity(struct process_event *e, struct task_struct *leader)
{
	struct task_struct *parent = BPF_CORE_READ(leader, real_parent, group_leader);

	e->start_ns = BPF_CORE_READ(leader, start_boottime);
	e->netns_cookie = BPF_CORE_READ(leader, nsproxy, net_ns, net_cookie);
	e->netns_inum = BPF_CORE_READ(leader, nsproxy, net_ns, ns.inum);
	e->tgid = BPF_CORE_READ(leader, tgid);
	e->ppid = BPF_CORE_READ(parent, tgid);
	e->uid = BPF_CORE_READ(leader, cred, uid.val);
	e->parent_start_ns = BPF_CORE_READ(parent, start_boottime);
	BPF_CORE_READ_STR_INTO(&e->comm, leader, comm);
	BPF_CORE_READ_STR_INTO(&e->parent_comm, parent, comm);
	if (runs_parents_program(leader, parent))
		e->flags |= PROCESS_FORKED;
	if (BPF_CORE_READ(leader, flags) & PF_KTHREAD)
		e->flags |= PROCESS_KTHREAD;
}

static __always_inline bool announce(struct task_struct *leader, struct process_state *state, __u32 parent,
				     bool current)
{
	struct mm_struct *mm = BPF_CORE_READ(leader, mm);
	__u64 cgroup_id = announce_group(leader);
	struct process_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count(COUNTER_IDENTITY_LOST);
		return false;
	}
	e->type = EVENT_PROCESS;
	e->size = sizeof(*e);
	e->id = state->id;
	e->time_ns = bpf_ktime_get_ns();
	e->parent = parent;
	e->flags = current ? 0 : PROCESS_AS_PARENT;
	e->exe_len = 0;
	e->cmdline_len = 0;
	e->pad = 0;
	e->cgroup_id = cgroup_id;
	read_identity(e, leader);
	if (mm) {
		read_program(e, BPF_CORE_READ(mm, exe_file));
		if (current)
			read_cmdline(e, mm);
	} else {
		e->flags |= PROCESS_NO_MM;
	}
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return true;
}

/* The process's storage, with an id in it; NULL when the kernel had no memory for it. */
static __always_inline struct process_state *process_state_of(struct task_struct *leader)
{
	struct process_state *state = bpf_task_storage_get(&processes, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state) {
		count(COUNTER_IDENTITY_LOST);
		return NULL;
	}
	if (state->id == 0)
		/* Two threads may race here; the number of the second is then never used. */
		__sync_val_compare_and_swap(&state->id, 0, __sync_fetch_and_add(&next_process_id, 1) + 1);
	return state;
}

/* Announces the parent, once: a shell that opens no connection itself may be what explains those of its children. */
static __always_inline __u32 announce_parent(struct task_struct *leader)
{
	struct task_struct *parent = leader->real_parent;
	struct task_struct *parent_leader = parent->group_leader;
	struct process_state *state = process_state_of(parent_leader);

	if (!state)
		return 0;
	if (state->announced == 0 && announce(parent_leader, state, 0, false))
		state->announced = ANNOUNCED_AS_PARENT;
	return state->id;
}

/*
 * The id of the current process, 0 unknown. Announces the process when it is new or has called exec() since. A global
 * function, so that the verifier checks its loops once and not for every call.
 */
__noinline __u32 current_process_id(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	struct process_state *state = process_state_of(leader);
	__u32 exec_id = (__u32)leader->self_exec_id + 1 + ANNOUNCED_AS_PARENT;

	if (!state)
		return 0;
	if (state->announced != exec_id && announce(leader, state, announce_parent(leader), true))
		state->announced = exec_id;
	return state->id;
}

static __always_inline struct process_ref current_process(void)
{
	struct process_ref ref = {.id = current_process_id(), .tgid = bpf_get_current_pid_tgid() >> 32};

	return ref;
}

static __always_inline __u32 current_tid(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

/* A kernel thread closes sockets on behalf of other processes. */
static __always_inline bool current_is_user(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return !(task->flags & PF_KTHREAD);
}

#endif
