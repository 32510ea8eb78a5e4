// SPDX-License-Identifier: GPL-2.0
/*
 * What the suites of kcopyd share; see kcopyd_test.h
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "kcopyd_test.h"

static char *loop_devices;
module_param(loop_devices, charp, 0444);
MODULE_PARM_DESC(loop_devices,
		 "block devices to overwrite, at least 4 MiB each, by commas");

#define LOOPS_MAX 4

static struct file *loops[LOOPS_MAX];
static unsigned int nr_loops;

static struct workqueue_struct *task_wq;

const struct test_disk_params kt_disk = { .sectors = 16384 };
EXPORT_SYMBOL_GPL(kt_disk);

/* Tasks */

static void run_task(struct work_struct *work)
{
	struct kt_task *task = container_of(work, struct kt_task, work);

	WRITE_ONCE(task->self, current);
	task->fn(task->data);
	complete(&task->done);
}

static struct kt_task *start_task(struct kt_fixture *f, void (*fn)(void *data),
				  void *data)
{
	struct kt_task *task = &f->tasks[f->nr_tasks++];

	task->fn = fn;
	task->data = data;
	task->self = NULL;
	init_completion(&task->done);
	INIT_WORK(&task->work, run_task);
	queue_work(task_wq, &task->work);
	return task;
}

struct kt_task *kt_start(struct kunit *test, void (*fn)(void *data), void *data)
{
	struct kt_fixture *f = test->priv;

	/* One is left for kt_exit(). */
	KUNIT_ASSERT_LT(test, f->nr_tasks, KT_MAX_TASKS - 1);
	return start_task(f, fn, data);
}
EXPORT_SYMBOL_GPL(kt_start);

bool kt_is_done(struct kt_task *task)
{
	return completion_done(&task->done);
}
EXPORT_SYMBOL_GPL(kt_is_done);

/* Wait until a task has gone to sleep in what it calls. */
bool kt_wait_asleep(struct kt_task *task)
{
	unsigned long end = jiffies + KT_PATIENCE;
	struct task_struct *self;

	do {
		self = READ_ONCE(task->self);
		if (kt_is_done(task))
			return false;
		if (self && READ_ONCE(self->__state) & TASK_UNINTERRUPTIBLE)
			return true;
		usleep_range(100, 200);
	} while (time_before(jiffies, end));
	return false;
}
EXPORT_SYMBOL_GPL(kt_wait_asleep);

static bool join(struct kt_task *task)
{
	bool ended = wait_for_completion_timeout(&task->done, KT_PATIENCE);

	if (ended)
		complete(&task->done);
	return ended;
}

void kt_join(struct kunit *test, struct kt_task *task)
{
	KUNIT_ASSERT_TRUE_MSG(test, join(task), "%ps does not return",
			      task->fn);
}
EXPORT_SYMBOL_GPL(kt_join);

/* The fixture */

int kt_init(struct kunit *test)
{
	/* Not kunit_kzalloc(): a case that hangs leaves it behind. */
	struct kt_fixture *f = kzalloc(sizeof(*f), GFP_KERNEL);

	test->priv = f;
	return f ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(kt_init);

static void destroy_client(void *data)
{
	kcopyd_client_destroy(data);
}

static bool all_ended(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < f->nr_tasks; i++)
		if (!join(&f->tasks[i])) {
			KUNIT_FAIL(test, "%ps does not return", f->tasks[i].fn);
			return false;
		}
	return true;
}

static void check_callbacks(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < f->nr_jobs; i++)
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&f->jobs[i].calls),
				    f->jobs[i].accepted, "callbacks of job %u",
				    i);
	KUNIT_EXPECT_FALSE_MSG(test, f->overlapped,
			       "two callbacks ran at the same time");
	KUNIT_EXPECT_FALSE_MSG(test, f->wrong_context,
			       "a callback ran where it may not sleep");
}

static void release_held_bios(struct kt_fixture *f)
{
	unsigned int i;

	if (f->source)
		test_disk_release_all(f->source, TEST_DISK_FIFO);
	for (i = 0; i < f->nr_disks; i++)
		test_disk_release_all(f->dests[i], TEST_DISK_FIFO);
}

void kt_exit(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	if (!f)
		return;
	release_held_bios(f);
	if (f->kc)
		start_task(f, destroy_client, f->kc);
	if (!all_ended(test))
		return;
	check_callbacks(test);
	test_disk_destroy(f->source);
	for (i = 0; i < f->nr_disks; i++)
		test_disk_destroy(f->dests[i]);
	kfree(f);
}
EXPORT_SYMBOL_GPL(kt_exit);

void kt_make_client(struct kunit *test, unsigned int num_pages)
{
	struct kt_fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, kcopyd_client_create(num_pages, &f->kc), 0);
}
EXPORT_SYMBOL_GPL(kt_make_client);

/* Destroy the client now, not at the end of the case. */
void kt_destroy_client(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_join(test, kt_start(test, destroy_client, f->kc));
	f->kc = NULL;
}
EXPORT_SYMBOL_GPL(kt_destroy_client);

/* Make the disk of the source and fill it. */
void kt_make_source(struct kunit *test, const struct test_disk_params *params)
{
	struct kt_fixture *f = test->priv;

	f->source = test_disk_create(params);
	KUNIT_ASSERT_NOT_NULL(test, f->source);
	test_disk_fill(f->source, 1);
}
EXPORT_SYMBOL_GPL(kt_make_source);

/* Make the disk of the next destination and fill it with its background. */
void kt_make_dest(struct kunit *test, const struct test_disk_params *params)
{
	struct kt_fixture *f = test->priv;
	struct test_disk *disk = test_disk_create(params);

	KUNIT_ASSERT_NOT_NULL(test, disk);
	test_disk_fill_byte(disk, KT_BACKGROUND(f->nr_disks));
	f->dests[f->nr_disks++] = disk;
}
EXPORT_SYMBOL_GPL(kt_make_dest);

/* A source, and destinations that are all alike. */
void kt_make_disks(struct kunit *test, unsigned int num_dests,
		   const struct test_disk_params *params)
{
	kt_make_source(test, &kt_disk);
	while (num_dests--)
		kt_make_dest(test, params);
}
EXPORT_SYMBOL_GPL(kt_make_disks);

/*
 * The regions of the next job, on all disks. Each destination begins 8 sectors
 * after the one before.
 */
void kt_set_regions(struct kt_fixture *f, sector_t from, sector_t to,
		    sector_t count)
{
	unsigned int i;

	f->num_dests = f->nr_disks;
	if (f->source)
		f->from = (struct io_region){
			.bdev = test_disk_bdev(f->source),
			.sector = from,
			.count = count,
		};
	for (i = 0; i < f->num_dests; i++)
		f->to[i] = (struct io_region){
			.bdev = test_disk_bdev(f->dests[i]),
			.sector = to + 8 * i,
			.count = count,
		};
}
EXPORT_SYMBOL_GPL(kt_set_regions);

/* Jobs */

struct kt_job *kt_job(struct kt_fixture *f)
{
	struct kt_job *job;

	if (WARN_ON(f->nr_jobs == KT_MAX_JOBS))
		return NULL;
	job = &f->jobs[f->nr_jobs++];
	job->f = f;
	init_completion(&job->called);
	return job;
}
EXPORT_SYMBOL_GPL(kt_job);

/* The callback of every job; also good for prepared callbacks. */
void kt_called(int read_err, unsigned int write_err, void *context)
{
	struct kt_job *job = context;
	struct kt_fixture *f = job->f;

	if (atomic_inc_return(&f->running) != 1)
		f->overlapped = true;
	if (!in_task() || irqs_disabled() || !(current->flags & PF_WQ_WORKER))
		f->wrong_context = true;
	might_sleep();
	job->read_err = read_err;
	job->write_err = write_err;
	job->place = atomic_inc_return(&f->called);
	atomic_inc(&job->calls);
	if (job->then)
		job->then(job);
	atomic_dec(&f->running);
	complete(&job->called);
}
EXPORT_SYMBOL_GPL(kt_called);

static void note_regions(struct kt_job *job)
{
	struct kt_fixture *f = job->f;

	job->from = f->from;
	memcpy(job->to, f->to, sizeof(job->to));
	job->num_dests = f->num_dests;
}

/* As kt_called(), for clients whose callbacks may run beside those of f->kc. */
void kt_called_beside(int read_err, unsigned int write_err, void *context)
{
	struct kt_job *job = context;

	job->read_err = read_err;
	job->write_err = write_err;
	atomic_inc(&job->calls);
	complete(&job->called);
}
EXPORT_SYMBOL_GPL(kt_called_beside);

/* Submit a copy of the regions last set. */
int kt_try_copy(struct kt_job *job, unsigned int flags)
{
	int err;

	note_regions(job);
	err = kcopyd_copy(job->f->kc, &job->from, job->num_dests, job->to,
			  flags, kt_called, job);
	job->accepted = !err;
	return err;
}
EXPORT_SYMBOL_GPL(kt_try_copy);

int kt_try_zero(struct kt_job *job, unsigned int flags)
{
	int err;

	note_regions(job);
	err = kcopyd_zero(job->f->kc, job->num_dests, job->to, flags, kt_called,
			  job);
	job->accepted = !err;
	return err;
}
EXPORT_SYMBOL_GPL(kt_try_zero);

void kt_copy(struct kunit *test, struct kt_job *job, unsigned int flags)
{
	KUNIT_ASSERT_EQ(test, kt_try_copy(job, flags), 0);
}
EXPORT_SYMBOL_GPL(kt_copy);

void kt_zero(struct kunit *test, struct kt_job *job, unsigned int flags)
{
	KUNIT_ASSERT_EQ(test, kt_try_zero(job, flags), 0);
}
EXPORT_SYMBOL_GPL(kt_zero);

/* Wait for a job's callback; may be repeated. */
void kt_wait(struct kunit *test, struct kt_job *job)
{
	bool called = wait_for_completion_timeout(&job->called, KT_PATIENCE);

	KUNIT_ASSERT_TRUE_MSG(test, called, "job %td is not called back",
			      job - job->f->jobs);
	complete(&job->called);
}
EXPORT_SYMBOL_GPL(kt_wait);

void kt_wait_all(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < f->nr_jobs; i++)
		kt_wait(test, &f->jobs[i]);
}
EXPORT_SYMBOL_GPL(kt_wait_all);

static unsigned int bios_so_far(struct kt_fixture *f)
{
	unsigned int i, count = 0;

	if (f->source)
		count = test_disk_count(f->source, TEST_DISK_ALL);
	for (i = 0; i < f->nr_disks; i++)
		count += test_disk_count(f->dests[i], TEST_DISK_ALL);
	return count;
}

static void worker_was_here(int read_err, unsigned int write_err, void *context)
{
	complete(context);
}

/* Wait until the client's worker has done all that it can do now. */
static void wait_for_worker(struct kcopyd_client *kc)
{
	DECLARE_COMPLETION_ONSTACK(done);
	void *callback;

	callback = kcopyd_prepare_callback(kc, worker_was_here, &done);
	kcopyd_do_callback(callback, 0, 0);
	wait_for_completion(&done);
}

/*
 * Wait until no more bios arrive, because what must move first is held. No
 * callback may block.
 */
void kt_settle(struct kt_fixture *f)
{
	unsigned long end = jiffies + KT_PATIENCE;
	unsigned int before, quiet = 0;

	while (quiet < 3 && time_before(jiffies, end)) {
		before = bios_so_far(f);
		msleep(20);
		wait_for_worker(f->kc);
		quiet = bios_so_far(f) == before ? quiet + 1 : 0;
	}
}
EXPORT_SYMBOL_GPL(kt_settle);

struct kcopyd_stats kt_stats(struct kt_fixture *f)
{
	struct kcopyd_stats stats;

	kcopyd_client_get_stats(f->kc, &stats);
	return stats;
}
EXPORT_SYMBOL_GPL(kt_stats);

/* A bio that blocks in submit_bio() */

void kt_gate_init(struct kt_gate *gate)
{
	init_completion(&gate->entered);
	init_completion(&gate->leave);
	atomic_set(&gate->bios, 0);
}
EXPORT_SYMBOL_GPL(kt_gate_init);

/* For test_disk_watch(), with a gate: the first bio blocks its submitter. */
void kt_block_first(struct bio *bio, void *data)
{
	struct kt_gate *gate = data;

	if (atomic_inc_return(&gate->bios) != 1)
		return;
	complete(&gate->entered);
	wait_for_completion(&gate->leave);
}
EXPORT_SYMBOL_GPL(kt_block_first);

/* Expectations */

/* Wait for a job's callback and check what it was told. */
void kt_expect_result(struct kunit *test, struct kt_job *job, int read_err,
		      unsigned int write_err)
{
	kt_wait(test, job);
	KUNIT_EXPECT_EQ(test, job->read_err, read_err);
	KUNIT_EXPECT_EQ(test, job->write_err, write_err);
}
EXPORT_SYMBOL_GPL(kt_expect_result);

static bool rest_untouched(struct kt_job *job, unsigned int i)
{
	struct test_disk *disk = job->f->dests[i];
	sector_t end = job->to[i].sector + job->to[i].count;
	sector_t after = test_disk_sectors(disk) - end;
	u8 byte = KT_BACKGROUND(i);

	return test_disk_is_filled(disk, 0, job->to[i].sector, byte) &&
	       test_disk_is_filled(disk, end, after, byte);
}

static void expect_rest(struct kunit *test, struct kt_job *job, unsigned int i)
{
	KUNIT_EXPECT_TRUE_MSG(test, rest_untouched(job, i),
			      "destination %u changed outside the region", i);
}

static bool region_is_filled(struct kt_job *job, unsigned int i, u8 byte)
{
	return test_disk_is_filled(job->f->dests[i], job->to[i].sector,
				   job->to[i].count, byte);
}

/* Destination @i holds the copy, and nothing else of it has changed. */
void kt_expect_copied(struct kunit *test, struct kt_job *job, unsigned int i)
{
	struct kt_fixture *f = job->f;
	bool equal = test_disk_equal(f->source, job->from.sector, f->dests[i],
				     job->to[i].sector, job->to[i].count);

	KUNIT_EXPECT_TRUE_MSG(test, equal,
			      "destination %u does not hold the copy", i);
	expect_rest(test, job, i);
}
EXPORT_SYMBOL_GPL(kt_expect_copied);

/* Destination @i is zeroed, and nothing else of it has changed. */
void kt_expect_zeroed(struct kunit *test, struct kt_job *job, unsigned int i)
{
	KUNIT_EXPECT_TRUE_MSG(test, region_is_filled(job, i, 0),
			      "destination %u is not zeroed", i);
	expect_rest(test, job, i);
}
EXPORT_SYMBOL_GPL(kt_expect_zeroed);

/* Destination @i has not changed at all. */
void kt_expect_untouched(struct kunit *test, struct kt_job *job, unsigned int i)
{
	KUNIT_EXPECT_TRUE_MSG(test, region_is_filled(job, i, KT_BACKGROUND(i)),
			      "destination %u has changed", i);
	expect_rest(test, job, i);
}
EXPORT_SYMBOL_GPL(kt_expect_untouched);

/* There is no trace of a byte on the disk. */
void kt_expect_no_byte(struct kunit *test, struct test_disk *disk, u8 byte)
{
	KUNIT_EXPECT_PTR_EQ(test,
			    memchr(test_disk_data(disk), byte,
				   test_disk_sectors(disk) << SECTOR_SHIFT),
			    NULL);
}
EXPORT_SYMBOL_GPL(kt_expect_no_byte);

/* Have all bios that touch a range of a disk fail. */
void kt_fail(struct test_disk *disk, unsigned int ops, sector_t sector,
	     sector_t count, blk_status_t status)
{
	const struct test_disk_fault fault = {
		.ops = ops,
		.sector = sector,
		.count = count,
		.status = status,
	};

	WARN_ON(test_disk_fail(disk, &fault));
}
EXPORT_SYMBOL_GPL(kt_fail);

/* Lack of memory */

/*
 * Let the current task get no memory from the slab allocator, where failslab in
 * debugfs is set to fail all allocations of such tasks (task-filter Y,
 * ignore-gfp-wait N, probability 100, times -1).
 */
void kt_starve(bool on)
{
#ifdef CONFIG_FAULT_INJECTION
	current->make_it_fail = on;
#endif
}
EXPORT_SYMBOL_GPL(kt_starve);

/* Skip the case where kt_starve() has no effect. */
void kt_need_famine(struct kunit *test)
{
	void *memory;

	kt_starve(true);
	memory = kmalloc(8, GFP_NOIO | __GFP_NOWARN);
	kt_starve(false);
	kfree(memory);
	if (memory)
		kunit_skip(test, "failslab is not set up for tasks");
}
EXPORT_SYMBOL_GPL(kt_need_famine);

/* How many hold kcopyd's module; negative if it has none. */
int kt_module_refcount(void)
{
	struct kset *modules = THIS_MODULE->mkobj.kobj.kset;
	struct kobject *kobj = kset_find_obj(modules, "kcopyd_mod");
	struct module_kobject *mkobj;
	int count;

	if (!kobj)
		return -ENOENT;
	mkobj = container_of(kobj, struct module_kobject, kobj);
	count = module_refcount(mkobj->mod);
	kobject_put(kobj);
	return count;
}
EXPORT_SYMBOL_GPL(kt_module_refcount);

/*
 * The devices that the parameter loop_devices names, or NULL if those are not so
 * many.
 */
struct file *const *kt_loop_devices(unsigned int nr)
{
	return nr <= nr_loops ? loops : NULL;
}
EXPORT_SYMBOL_GPL(kt_loop_devices);

static void close_loops(void)
{
	while (nr_loops)
		fput(loops[--nr_loops]);
}

/* Here and not in a suite: from 7.3 on a kernel thread sees no files. */
static int open_loops(void)
{
	char *name;

	while (nr_loops < LOOPS_MAX && (name = strsep(&loop_devices, ","))) {
		struct file *file = filp_open(name, O_RDWR | O_LARGEFILE, 0);

		if (IS_ERR(file))
			return PTR_ERR(file);
		loops[nr_loops++] = file;
	}
	return 0;
}

static int __init kcopyd_test_init(void)
{
	int err = open_loops();

	if (err)
		goto err_open;
	task_wq = alloc_workqueue("kcopyd_test", WQ_UNBOUND, 0);
	if (task_wq)
		return 0;
	err = -ENOMEM;
err_open:
	close_loops();
	return err;
}
module_init(kcopyd_test_init);

static void __exit kcopyd_test_exit(void)
{
	destroy_workqueue(task_wq);
	close_loops();
}
module_exit(kcopyd_test_exit);

MODULE_DESCRIPTION("Fixtures of kcopyd's test suites");
MODULE_LICENSE("GPL");
