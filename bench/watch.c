// SPDX-License-Identifier: GPL-2.0
/*
 * A clock for what is not done by this module: /sys/kernel/debug/kcopyd-watch
 *
 * A line with a command is written to it:
 *
 *	pages		begin to count the kernel's pages, see pages.c
 *	time		begin to count time
 *	wait DEVICE SECTORS
 *			wait until so much has been written to it
 *	end		stop counting
 *
 * After the end it can be read, as lines "NAME VALUE": the nanoseconds that
 * passed (ns), those of them in which processors were not idle (busy_ns), and
 * the most pages that the kernel held (pages_peak).
 */
#include <linux/blkdev.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/part_stat.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/tick.h>

#include "../compat.h"
#include "bench.h"

/* So precise is the end of a wait, in microseconds. */
#define LOOK_AFTER_MIN 250
#define LOOK_AFTER_MAX 500

static DEFINE_MUTEX(lock); /* guards all below */
static struct dentry *file;
static bool counts_time, counts_pages;
static s64 since, idle_since; /* nanoseconds */

/* Of what was counted until the latest end; -1 if it was not. */
static s64 passed = -1, busy = -1, pages = -1;

/* Of all processors. */
static s64 idle_ns(void)
{
	s64 us = 0;
	int cpu;

	for_each_online_cpu(cpu) {
		us += get_cpu_idle_time_us(cpu, NULL);
		us += get_cpu_iowait_time_us(cpu, NULL);
	}
	return us * NSEC_PER_USEC;
}

static int begin_pages(void)
{
	int err = counts_pages ? -EBUSY : bench_pages_start();

	if (!err)
		counts_pages = true;
	return err;
}

static int begin_time(void)
{
	counts_time = true;
	idle_since = idle_ns();
	since = ktime_get_ns();
	return 0;
}

static int end(void)
{
	s64 now = ktime_get_ns(), idle = idle_ns();

	passed = counts_time ? now - since : -1;
	busy = counts_time ? passed * num_online_cpus() - (idle - idle_since) :
			     -1;
	pages = counts_pages ? bench_pages_stop() : -1;
	counts_time = false;
	counts_pages = false;
	return 0;
}

/* Sleeps, so that a machine that does nothing else is idle. */
static int wait_written(const char *path, u64 sectors)
{
	struct compat_bdev opened;
	int err = compat_open_bdev(path, &opened);

	if (err)
		return err;
	while (part_stat_read(opened.bdev, sectors[STAT_WRITE]) < sectors) {
		usleep_range(LOOK_AFTER_MIN, LOOK_AFTER_MAX);
		if (signal_pending(current)) {
			err = -EINTR;
			break;
		}
	}
	compat_close_bdev(&opened);
	return err;
}

static int obey(char *words)
{
	char path[64];
	u64 sectors;

	if (!strcmp(words, "pages"))
		return begin_pages();
	if (!strcmp(words, "time"))
		return begin_time();
	if (!strcmp(words, "end"))
		return end();
	if (sscanf(words, "wait %63s %llu", path, &sectors) == 2)
		return wait_written(path, sectors);
	return -EINVAL;
}

static ssize_t watch_write(struct file *unused, const char __user *from,
			   size_t size, loff_t *pos)
{
	char *words = memdup_user_nul(from, size);
	int err;

	if (IS_ERR(words))
		return PTR_ERR(words);
	mutex_lock(&lock);
	err = obey(strim(words));
	mutex_unlock(&lock);
	kfree(words);
	return err ?: size;
}

static void show(struct seq_file *out, const char *name, s64 value)
{
	if (value >= 0)
		seq_printf(out, "%s %lld\n", name, value);
}

static int watch_show(struct seq_file *out, void *unused)
{
	mutex_lock(&lock);
	show(out, "ns", passed);
	show(out, "busy_ns", busy);
	show(out, "pages_peak", pages);
	mutex_unlock(&lock);
	return 0;
}

static int watch_open(struct inode *inode, struct file *opened)
{
	return single_open(opened, watch_show, NULL);
}

static const struct file_operations watch_fops = {
	.owner = THIS_MODULE,
	.open = watch_open,
	.read = seq_read,
	.write = watch_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * bench_watch_init - make the file
 *
 * Context: Process context.
 */
void bench_watch_init(void)
{
	file = debugfs_create_file("kcopyd-watch", 0600, NULL, NULL,
				   &watch_fops);
}

/**
 * bench_watch_exit - remove the file
 *
 * Context: Process context.
 */
void bench_watch_exit(void)
{
	debugfs_remove(file);
	if (counts_pages)
		bench_pages_stop();
}
