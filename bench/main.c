// SPDX-License-Identifier: GPL-2.0
/*
 * The front of kcopyd-bench: /sys/kernel/debug/kcopyd-bench
 *
 * Words are written to the file, the work is done, and what came of it is read
 * back through the same opened file or a later one, as lines "NAME VALUE":
 *
 *	engine=kcopyd bytes=4096 depth=32 jobs=10000 from=/dev/a to=/dev/b,/dev/c
 *
 * engine	kcopyd, drop-in (kcopyd behind the interface of dm-kcopyd),
 *		dm-kcopyd or floor; or read, write: of the destination, no copy
 * bytes	length of a job; depth and jobs: see struct bench_work
 * from		a device; without it, the destinations are zeroed
 * to		devices, separated by commas
 * clients=N	more than one client at a time
 * apart	leave gaps between copies, so that they don't become one request
 * plugged	plug jobs that are started together
 * memory	count allocations
 * latency	how long 4 KiB copies take while jobs of that length run on
 *		another client
 * neighbour=copies, neighbour=sleeps
 *		meanwhile another client copies from beside_from= to beside_to=;
 *		and its callbacks sleep
 * neighbour=chains
 *		meanwhile callbacks of another client trigger the next ones
 * same		not another client: the same
 * throttled	all clients share a throttle of half the time
 */
#include <linux/blkdev.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../compat.h"
#include "bench.h"

static const struct bench_engine *const engines[] = {
	&bench_kcopyd, &bench_dropin,	&bench_dm_kcopyd,
	&bench_floor,  &bench_bio_read, &bench_bio_write,
};

static DEFINE_MUTEX(lock);
static char *result; /* of the last work; guarded by @lock */
static struct dentry *file;

/* A command, with the devices that it opened. */
struct command {
	struct bench_work work;
	bool latency;
	unsigned int nr_opened;
	struct compat_bdev opened[3 + KCOPYD_MAX_REGIONS];
};

static struct block_device *open_device(struct command *command,
					const char *path)
{
	struct compat_bdev *opened = &command->opened[command->nr_opened];
	int err;

	if (command->nr_opened == ARRAY_SIZE(command->opened))
		return ERR_PTR(-EINVAL);
	err = compat_open_bdev(path, opened);
	if (err)
		return ERR_PTR(err);
	command->nr_opened++;
	return opened->bdev;
}

static int set_dests(struct command *command, char *paths)
{
	struct bench_work *work = &command->work;
	char *path;

	while ((path = strsep(&paths, ","))) {
		struct block_device *bdev = open_device(command, path);

		if (IS_ERR(bdev))
			return PTR_ERR(bdev);
		if (work->num_dests == KCOPYD_MAX_REGIONS)
			return -EINVAL;
		work->dests[work->num_dests++] = bdev;
	}
	return 0;
}

static int set_device(struct command *command, const char *path,
		      struct block_device **device)
{
	struct block_device *bdev = open_device(command, path);

	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	*device = bdev;
	return 0;
}

static int set_engine(struct command *command, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		if (!strcmp(engines[i]->name, name)) {
			command->work.engine = engines[i];
			return 0;
		}
	}
	return -EINVAL;
}

static int set_neighbour(struct command *command, const char *name)
{
	static const char *const names[] = { "none", "copies", "sleeps",
					     "chains" };
	int kind = match_string(names, ARRAY_SIZE(names), name);

	if (kind < 0)
		return kind;
	command->work.neighbour = kind;
	return 0;
}

static int set_bytes(struct command *command, char *value)
{
	command->work.bytes = memparse(value, &value);
	return *value ? -EINVAL : 0;
}

static int set_word(struct command *command, const char *name, char *value)
{
	struct bench_work *work = &command->work;

	if (!strcmp(name, "memory")) {
		work->memory = true;
		return 0;
	}
	if (!strcmp(name, "apart")) {
		work->apart = true;
		return 0;
	}
	if (!strcmp(name, "plugged")) {
		work->plugged = true;
		return 0;
	}
	if (!strcmp(name, "latency")) {
		command->latency = true;
		return 0;
	}
	if (!strcmp(name, "same")) {
		work->same = true;
		return 0;
	}
	if (!strcmp(name, "throttled")) {
		work->throttled = true;
		return 0;
	}
	if (!value)
		return -EINVAL;
	if (!strcmp(name, "engine"))
		return set_engine(command, value);
	if (!strcmp(name, "from"))
		return set_device(command, value, &work->from);
	if (!strcmp(name, "beside_from"))
		return set_device(command, value, &work->neighbour_from);
	if (!strcmp(name, "beside_to"))
		return set_device(command, value, &work->neighbour_to);
	if (!strcmp(name, "neighbour"))
		return set_neighbour(command, value);
	if (!strcmp(name, "to"))
		return set_dests(command, value);
	if (!strcmp(name, "bytes"))
		return set_bytes(command, value);
	if (!strcmp(name, "depth"))
		return kstrtouint(value, 0, &work->depth);
	if (!strcmp(name, "jobs"))
		return kstrtouint(value, 0, &work->jobs);
	if (!strcmp(name, "clients"))
		return kstrtouint(value, 0, &work->clients);
	return -EINVAL;
}

static int parse(struct command *command, char *words)
{
	const struct bench_work *work = &command->work;
	char *word;
	int err;

	while ((word = strsep(&words, "\n "))) {
		char *name = strsep(&word, "=");

		if (!*name)
			continue;
		err = set_word(command, name, word);
		if (err) {
			pr_err("kcopyd-bench: \"%s%s%s\" is no word for it\n",
			       name, word ? "=" : "", word ?: "");
			return err;
		}
	}
	if (!work->engine || !work->num_dests || !work->bytes ||
	    !IS_ALIGNED(work->bytes, SECTOR_SIZE) || !work->depth ||
	    !work->clients || work->clients > BENCH_MAX_CLIENTS) {
		pr_err("kcopyd-bench: engine=, bytes=, to= are wanted\n");
		return -EINVAL;
	}
	return 0;
}

static int run(char *words, struct seq_file *out)
{
	struct command *command = kzalloc(sizeof(*command), GFP_KERNEL);
	int err;

	if (!command)
		return -ENOMEM;
	command->work.depth = 1;
	command->work.jobs = 1;
	command->work.clients = 1;
	err = parse(command, words);
	if (!err && command->latency)
		err = bench_latency(&command->work, out);
	else if (!err)
		err = bench_load(&command->work, out);
	while (command->nr_opened)
		compat_close_bdev(&command->opened[--command->nr_opened]);
	kfree(command);
	return err;
}

static ssize_t bench_write(struct file *unused, const char __user *from,
			   size_t size, loff_t *pos)
{
	struct seq_file out = { .size = SZ_1M };
	char *words = memdup_user_nul(from, size);
	int err = -ENOMEM;

	if (IS_ERR(words))
		return PTR_ERR(words);
	out.buf = kvzalloc(out.size, GFP_KERNEL);
	mutex_lock(&lock);
	if (out.buf)
		err = run(words, &out);
	if (!err && seq_has_overflowed(&out))
		err = -EOVERFLOW;
	if (err) {
		kvfree(out.buf);
	} else {
		kvfree(result);
		result = out.buf;
	}
	mutex_unlock(&lock);
	kfree(words);
	return err ?: size;
}

static ssize_t bench_read(struct file *unused, char __user *to, size_t size,
			  loff_t *pos)
{
	ssize_t n = 0;

	mutex_lock(&lock);
	if (result)
		n = simple_read_from_buffer(to, size, pos, result,
					    strlen(result));
	mutex_unlock(&lock);
	return n;
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.write = bench_write,
	.read = bench_read,
};

static int __init bench_init(void)
{
	file = debugfs_create_file("kcopyd-bench", 0600, NULL, NULL,
				   &bench_fops);
	bench_watch_init();
	return PTR_ERR_OR_ZERO(file);
}

static void __exit bench_exit(void)
{
	bench_watch_exit();
	debugfs_remove(file);
	kvfree(result);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Benchmark of copy engines");
MODULE_AUTHOR("The kcopyd authors");
MODULE_LICENSE("GPL");
