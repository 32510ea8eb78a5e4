// SPDX-License-Identifier: GPL-2.0
/*
 * Copies for scripts: /sys/kernel/debug/test-copy, and test-copy-beside, for a second
 * copy by the same client at the same time
 *
 * A line is written to one of the files:
 *
 *	open DEVICE...			hold these open; they are numbered from 0
 *	copy SECTORS FROM TO...		start a copy from one of them to others
 *	rate BYTES			limit the rate of both
 *	background FLOOR		have them yield, but not below this rate
 *	foreground			have them yield no more
 *	ioprio NUMBER			set the I/O priority of both
 *	close				end the copies, and close the devices
 *
 * What is read from it is how its last copy goes; if it is not over, after a while:
 *
 *	busy
 *	refused ERRNO
 *	read ERRNO write MASK
 *
 * A callback that comes twice, or for a copy that was refused, makes a warning.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "../compat.h"
#include "../kcopyd.h"

/* 512 KiB: a larger copy has two pieces in flight, and others to come. */
#define CLIENT_PAGES 128

#define MAX_DEVICES (1 + KCOPYD_MAX_REGIONS)

static DEFINE_MUTEX(lock); /* guards all but the result */
static struct kcopyd_client *client;
static struct compat_bdev devices[MAX_DEVICES];
static unsigned int nr_devices;

/* The last copy of a file. */
static struct copy {
	struct dentry *file;
	int refused;
	int read_err;
	unsigned int write_err;
	atomic_long_t running; /* its number, until it has been called back */
} copies[2];

static unsigned long nr_copies; /* even numbers are those of the first file */
static DECLARE_WAIT_QUEUE_HEAD(ended);

static void copied(int read_err, unsigned int write_err, void *context)
{
	long number = (long)context;
	struct copy *copy = &copies[number % 2];

	copy->read_err = read_err;
	copy->write_err = write_err;
	WARN_ON(atomic_long_cmpxchg(&copy->running, number, 0) != number);
	wake_up_all(&ended);
}

static void close_devices(void)
{
	kcopyd_client_destroy(client);
	client = NULL;
	while (nr_devices)
		compat_close_bdev(&devices[--nr_devices]);
}

static int open_devices(char *paths)
{
	const char *path;
	int err;

	if (client)
		return -EBUSY;
	err = kcopyd_client_create(CLIENT_PAGES, &client);
	while (!err && (path = strsep(&paths, " "))) {
		if (nr_devices == MAX_DEVICES)
			err = -EINVAL;
		else
			err = compat_open_bdev(path, &devices[nr_devices]);
		if (!err)
			nr_devices++;
	}
	if (err)
		close_devices();
	return err;
}

/* A number in @words, which is taken out of them; -1 if there is none. */
static int next_number(char **words)
{
	const char *word = strsep(words, " ");
	int number;

	return word && !kstrtoint(word, 0, &number) ? number : -1;
}

/* All of these sectors, of the next device in @words. */
static int next_region(char **words, int sectors, struct io_region *region)
{
	int number = next_number(words);

	if (number < 0 || number >= nr_devices || sectors < 0)
		return -EINVAL;
	*region = (struct io_region){
		.bdev = devices[number].bdev,
		.count = sectors,
	};
	return 0;
}

static int start_copy(struct copy *copy, char *words)
{
	struct io_region from, to[KCOPYD_MAX_REGIONS];
	int sectors = next_number(&words);
	unsigned int num_dests = 0;
	long number;
	int err;

	if (atomic_long_read(&copy->running))
		return -EBUSY;
	err = next_region(&words, sectors, &from);
	while (!err && words) {
		if (num_dests == KCOPYD_MAX_REGIONS)
			return -EINVAL;
		err = next_region(&words, sectors, &to[num_dests++]);
	}
	if (err)
		return err;
	nr_copies += 2;
	number = nr_copies + (copy - copies);
	atomic_long_set(&copy->running, number);
	copy->refused = kcopyd_copy(client, &from, num_dests, to, 0, copied,
				    (void *)number);
	if (copy->refused)
		WARN_ON(atomic_long_xchg(&copy->running, 0) != number);
	return 0;
}

static int obey(struct copy *copy, char *line)
{
	const char *word = strsep(&line, " ");

	if (!strcmp(word, "open"))
		return open_devices(line);
	if (!strcmp(word, "copy"))
		return start_copy(copy, line);
	if (!strcmp(word, "rate") && client) {
		kcopyd_client_set_rate(client, next_number(&line));
		return 0;
	}
	if (!strcmp(word, "background") && client) {
		kcopyd_client_set_floor(client, next_number(&line));
		kcopyd_client_set_class(client, KCOPYD_BACKGROUND);
		return 0;
	}
	if (!strcmp(word, "foreground") && client) {
		kcopyd_client_set_class(client, KCOPYD_FOREGROUND);
		return 0;
	}
	if (!strcmp(word, "ioprio") && client) {
		kcopyd_client_set_ioprio(client, next_number(&line));
		return 0;
	}
	if (strcmp(word, "close"))
		return -EINVAL;
	close_devices();
	return 0;
}

static ssize_t copy_write(struct file *file, const char __user *from,
			  size_t size, loff_t *pos)
{
	struct copy *copy = file_inode(file)->i_private;
	char *line = memdup_user_nul(from, size);
	int err;

	if (IS_ERR(line))
		return PTR_ERR(line);
	mutex_lock(&lock);
	err = obey(copy, strim(line));
	mutex_unlock(&lock);
	kfree(line);
	return err ?: size;
}

static int copy_show(struct seq_file *out, void *unused)
{
	struct copy *copy = out->private;

	wait_event_timeout(ended, !atomic_long_read(&copy->running), HZ / 10);
	mutex_lock(&lock);
	if (atomic_long_read_acquire(&copy->running))
		seq_puts(out, "busy\n");
	else if (copy->refused)
		seq_printf(out, "refused %d\n", copy->refused);
	else
		seq_printf(out, "read %d write %u\n", copy->read_err,
			   copy->write_err);
	mutex_unlock(&lock);
	return 0;
}

static int copy_open(struct inode *inode, struct file *opened)
{
	return single_open(opened, copy_show, inode->i_private);
}

static const struct file_operations copy_fops = {
	.owner = THIS_MODULE,
	.open = copy_open,
	.release = single_release,
	.read = seq_read,
	.write = copy_write,
};

static int __init copy_init(void)
{
	copies[0].file = debugfs_create_file("test-copy", 0600, NULL,
					     &copies[0], &copy_fops);
	copies[1].file = debugfs_create_file("test-copy-beside", 0600, NULL,
					     &copies[1], &copy_fops);
	return PTR_ERR_OR_ZERO(copies[0].file);
}

static void __exit copy_exit(void)
{
	debugfs_remove(copies[0].file);
	debugfs_remove(copies[1].file);
	close_devices();
}

module_init(copy_init);
module_exit(copy_exit);

MODULE_DESCRIPTION("Copies by kcopyd for the tests' scripts");
MODULE_LICENSE("GPL");
