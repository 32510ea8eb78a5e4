// SPDX-License-Identifier: GPL-2.0
/*
 * What debugfs shows of clients: /sys/kernel/debug/kcopyd
 *
 *	clients		a line for each client
 *	timing		Y while times are taken for the histograms; may be written
 *	N/stats		numbers of the client N
 *	N/latency	how long its jobs and their I/O took, while @timing is Y
 *	N/jobs		its oldest jobs
 *
 * The first line of each file but timing is the version of its format, raised when
 * words change their place or meaning; new words may come at the end without. Who reads
 * holds a client's lock for a few loads at a time.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "debugfs.h"
#include "look.h"
#include "watch.h"

/* No more jobs than this are shown, the oldest. */
#define JOBS_SHOWN 64

static struct dentry *root;

static DEFINE_MUTEX(timing_lock);
static bool timing;

static u64 us(u64 ns)
{
	return div_u64(ns, NSEC_PER_USEC);
}

static u64 ms_since(unsigned long then)
{
	return jiffies_to_msecs(jiffies - then);
}

static const char *class_name(bool background)
{
	return background ? "background" : "foreground";
}

/* The clients */

static void show_client(struct kcopyd_client *kc, void *data)
{
	struct kcopyd_stats stats;
	struct seq_file *m = data;
	bool background;
	u64 limit;

	kcopyd_client_get_stats(kc, &stats);
	raw_spin_lock_irq(&kc->lock);
	limit = kc->rate.bytes;
	background = kc->yield.background;
	raw_spin_unlock_irq(&kc->lock);
	seq_printf(m, "%u %s %s:%d %s %u/%u %u %llu %llu %s\n", kc->owner.id,
		   kc->owner.label, kc->watch.creator, kc->watch.creator_pid,
		   class_name(background), stats.pages_in_use,
		   stats.pages_total, stats.jobs_pending,
		   stats.bytes_per_second, limit,
		   kcopyd_wait_name(stats.waits_for));
}

static int clients_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "version 1\n");
	seq_puts(m,
		 "id label creator class pages jobs bytes/s limit waits-for\n");
	watch_clients(show_client, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(clients);

/* Are times taken? */

static int timing_get(void *unused, u64 *value)
{
	*value = READ_ONCE(timing);
	return 0;
}

static int timing_set(void *unused, u64 value)
{
	mutex_lock(&timing_lock);
	if (value && !timing)
		times_get();
	else if (!value && timing)
		times_put();
	WRITE_ONCE(timing, value);
	mutex_unlock(&timing_lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(timing_fops, timing_get, timing_set, "%llu\n");

/* A client's numbers */

static int stats_show(struct seq_file *m, void *unused)
{
	struct kcopyd_client *kc = m->private;
	u64 waited[KCOPYD_NR_WAITS];
	struct kcopyd_stats stats;
	unsigned int i, max_jobs;
	u64 limit, floor;
	bool background;

	kcopyd_client_get_stats(kc, &stats);
	raw_spin_lock_irq(&kc->lock);
	memcpy(waited, kc->waited, sizeof(waited));
	max_jobs = kc->max_jobs;
	limit = kc->rate.bytes;
	floor = kc->yield.floor.bytes;
	background = kc->yield.background;
	raw_spin_unlock_irq(&kc->lock);

	seq_puts(m, "version 1\n");
	seq_printf(m, "label %s\n", kc->owner.label);
	seq_printf(m, "creator %s:%d\n", kc->watch.creator,
		   kc->watch.creator_pid);
	seq_printf(m, "waits_for %s\n", kcopyd_wait_name(stats.waits_for));
	seq_printf(m, "bytes_per_second %llu\n", stats.bytes_per_second);
	seq_printf(m, "class %s\n", class_name(background));
	seq_printf(m, "floor %llu\n", floor);
	seq_printf(m, "rate_limit %llu\n", limit);
	seq_printf(m, "max_jobs %u\n", max_jobs);
	seq_printf(m, "jobs_submitted %llu\n", stats.jobs_submitted);
	seq_printf(m, "jobs_completed %llu\n", stats.jobs_completed);
	seq_printf(m, "jobs_failed %llu\n", stats.jobs_failed);
	seq_printf(m, "jobs_cancelled %llu\n", stats.jobs_cancelled);
	seq_printf(m, "jobs_stalled %llu\n", stats.jobs_stalled);
	seq_printf(m, "jobs_pending %u\n", stats.jobs_pending);
	seq_printf(m, "sectors_read %llu\n", stats.sectors_read);
	seq_printf(m, "sectors_written %llu\n", stats.sectors_written);
	seq_printf(m, "sectors_zeroed %llu\n", stats.sectors_zeroed);
	seq_printf(m, "pages_total %u\n", stats.pages_total);
	seq_printf(m, "pages_in_use %u\n", stats.pages_in_use);
	seq_printf(m, "pages_peak %u\n", stats.pages_peak);
	for (i = 0; i < KCOPYD_NR_WAITS; i++)
		if (waited[i])
			seq_printf(m, "waited_us_%s %llu\n",
				   kcopyd_wait_name(i), us(waited[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* How long things took */

static void show_times(struct seq_file *m, const char *name,
		       const struct times *times)
{
	u64 count = READ_ONCE(times->count);
	unsigned int i;

	seq_printf(m, "%s count %llu mean_us %llu recent_us %llu\n", name,
		   count, count ? us(div64_u64(times->sum, count)) : 0,
		   us(times->recent));
	for (i = 0; i < TIMES_BUCKETS; i++)
		if (times->buckets[i])
			seq_printf(m, "%s below_us %llu %llu\n", name,
				   BIT_ULL(i), times->buckets[i]);
}

static int latency_show(struct seq_file *m, void *unused)
{
	struct kcopyd_client *kc = m->private;

	seq_puts(m, "version 1\n");
	show_times(m, "queue", &kc->times[TIMES_QUEUE]);
	show_times(m, "read", &kc->times[TIMES_READ]);
	show_times(m, "write", &kc->times[TIMES_WRITE]);
	show_times(m, "total", &kc->times[TIMES_TOTAL]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

/* Jobs */

struct job_line {
	u64 seq;
	u64 age;
	u64 idle;
	u64 bytes;
	u64 started;
	bool zero;
	bool stalled;
	u8 dests;
	enum kcopyd_wait waits_for;
};

struct job_lines {
	unsigned int nr;
	struct job_line line[JOBS_SHOWN];
};

static bool note_job(struct job *job, void *data)
{
	struct job_lines *lines = data;

	if (job->callback_only)
		return true;
	lines->line[lines->nr++] = (struct job_line){
		.seq = job->seq,
		.age = ms_since(job->submitted),
		.idle = ms_since(job->progress),
		.bytes = (u64)job->count << SECTOR_SHIFT,
		.started = (u64)job->next << SECTOR_SHIFT,
		.zero = job_is_zeroing(job),
		.stalled = job->stalled,
		.dests = hweight8(job->places),
		.waits_for = __look_job(job),
	};
	return lines->nr < JOBS_SHOWN;
}

static int jobs_show(struct seq_file *m, void *unused)
{
	struct job_lines *lines = kvzalloc(sizeof(*lines), GFP_KERNEL);
	unsigned int i;

	if (!lines)
		return -ENOMEM;
	look_at_jobs(m->private, note_job, lines);
	seq_puts(m, "version 1\n");
	seq_puts(m, "job kind dests bytes started age_ms idle_ms waits-for ");
	seq_puts(m, "stalled\n");
	for (i = 0; i < lines->nr; i++) {
		const struct job_line *line = &lines->line[i];

		seq_printf(m, "%llu %s %u %llu %llu %llu %llu %s %s\n",
			   line->seq, line->zero ? "zero" : "copy", line->dests,
			   line->bytes, line->started, line->age, line->idle,
			   kcopyd_wait_name(line->waits_for),
			   line->stalled ? "stalled" : "-");
	}
	kvfree(lines);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(jobs);

/**
 * debugfs_add - show a client
 * @kc: the client; it has a number
 *
 * Context: Process context. May sleep.
 */
void debugfs_add(struct kcopyd_client *kc)
{
	struct dentry *dir;
	char name[12];

	snprintf(name, sizeof(name), "%u", kc->owner.id);
	dir = debugfs_create_dir(name, root);
	debugfs_create_file("stats", 0400, dir, kc, &stats_fops);
	debugfs_create_file("latency", 0400, dir, kc, &latency_fops);
	debugfs_create_file("jobs", 0400, dir, kc, &jobs_fops);
	kc->watch.dir = dir;
}

/**
 * debugfs_del - show a client no more; nobody who reads is left
 * @kc: the client
 *
 * Context: Process context. May sleep.
 */
void debugfs_del(struct kcopyd_client *kc)
{
	debugfs_remove(kc->watch.dir);
}

/**
 * debugfs_init - make the directory
 *
 * Context: Process context. May sleep.
 */
void debugfs_init(void)
{
	root = debugfs_create_dir("kcopyd", NULL);
	debugfs_create_file("clients", 0400, root, NULL, &clients_fops);
	debugfs_create_file("timing", 0600, root, NULL, &timing_fops);
}

/**
 * debugfs_exit - remove it
 *
 * Context: Process context. May sleep.
 */
void debugfs_exit(void)
{
	debugfs_remove(root);
	timing_set(NULL, 0);
}
