// SPDX-License-Identifier: GPL-2.0
/*
 * Faults for those who test what they do about them
 *
 * By the kernel's framework for that: directories in debugfs, fail_kcopyd_read,
 * fail_kcopyd_write and fail_kcopyd_submit, with the framework's files and one more,
 * "label". Only clients with this label are hit; "*" are all, and none if it is empty, as
 * at the beginning. While all are empty this costs a branch that is patched out.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "fault.h"
#include "kcopyd.h"

static struct fault_point {
	const char *name;
	struct fault_attr attr;
	struct dentry *dir;
	char label[KCOPYD_LABEL_SIZE];
} points[NR_FAULTS] = {
	[FAULT_READ] = { "fail_kcopyd_read", FAULT_ATTR_INITIALIZER },
	[FAULT_WRITE] = { "fail_kcopyd_write", FAULT_ATTR_INITIALIZER },
	[FAULT_SUBMIT] = { "fail_kcopyd_submit", FAULT_ATTR_INITIALIZER },
};

static DEFINE_MUTEX(label_lock);

DEFINE_STATIC_KEY_FALSE(fault_key);

/* For the suite of io_region.c, which is part of both. */
EXPORT_SYMBOL_GPL(fault_key);

/* Who is hit while the label is changed does not matter. */
static bool matches(const char *wanted, const char *label)
{
	return !strcmp(wanted, "*") ||
	       !strncmp(wanted, label, KCOPYD_LABEL_SIZE);
}

/**
 * fault_hits - is something to fail?
 * @fault: what
 * @label: of the client
 * @bytes: how much it is about
 *
 * Context: Any.
 * Return: true if so.
 */
bool fault_hits(enum fault fault, const char *label, unsigned int bytes)
{
	struct fault_point *point = &points[fault];

	return point->label[0] && matches(point->label, label) &&
	       should_fail(&point->attr, bytes);
}
EXPORT_SYMBOL_GPL(fault_hits);

static void set_label(struct fault_point *point, const char *label)
{
	bool before, now;

	mutex_lock(&label_lock);
	before = point->label[0];
	strscpy(point->label, label, sizeof(point->label));
	now = point->label[0];
	if (now && !before)
		static_branch_inc(&fault_key);
	if (before && !now)
		static_branch_dec(&fault_key);
	mutex_unlock(&label_lock);
}

static ssize_t label_write(struct file *file, const char __user *from,
			   size_t size, loff_t *pos)
{
	char label[KCOPYD_LABEL_SIZE] = "";
	ssize_t copied;

	copied = simple_write_to_buffer(label, sizeof(label) - 1, pos, from,
					size);
	if (copied < 0)
		return copied;
	set_label(file_inode(file)->i_private, strim(label));
	return size;
}

static ssize_t label_read(struct file *file, char __user *to, size_t size,
			  loff_t *pos)
{
	struct fault_point *point = file_inode(file)->i_private;

	return simple_read_from_buffer(to, size, pos, point->label,
				       strlen(point->label));
}

static const struct file_operations label_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = label_read,
	.write = label_write,
};

/**
 * fault_setup - make the directories
 *
 * Context: Process context. May sleep.
 */
void fault_setup(void)
{
	unsigned int i;

	for (i = 0; i < NR_FAULTS; i++) {
		points[i].dir = fault_create_debugfs_attr(points[i].name, NULL,
							  &points[i].attr);
		debugfs_create_file("label", 0600, points[i].dir, &points[i],
				    &label_fops);
	}
}

/**
 * fault_cleanup - remove them
 *
 * Context: Process context. May sleep.
 */
void fault_cleanup(void)
{
	unsigned int i;

	for (i = 0; i < NR_FAULTS; i++) {
		debugfs_remove(points[i].dir);
		set_label(&points[i], "");
	}
}
