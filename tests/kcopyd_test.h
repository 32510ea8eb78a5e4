/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of kcopyd share: a client with test disks, jobs that remember
 * how they were called back, and comparisons (kt: kcopyd test)
 *
 * A suite sets kt_init() and kt_exit() as its .init and .exit. A case then makes
 * a client, a source and destinations, describes regions, submits jobs and says
 * what it expects:
 *
 *	struct kt_fixture *f = test->priv;
 *	struct kt_job *job = kt_job(f);
 *
 *	kt_make_client(test, 16);
 *	kt_make_disks(test, 2, &kt_disk);
 *	kt_set_regions(f, 8, 64, 100);
 *	kt_copy(test, job, 0);
 *	kt_expect_result(test, job, 0, 0);
 *	kt_expect_copied(test, job, 0);
 *
 * kt_exit() lets all held bios go, destroys the client and checks, for every
 * case: an accepted job was called back once, a refused one never, callbacks ran
 * one at a time in process context, and no bio was left in flight.
 *
 * Everything has a time limit, a long one: no verdict is to depend on how fast
 * the machine is. What does not end in time fails the case and is
 * left behind, with all it uses, so that the suites after it can run.
 */
#ifndef KCOPYD_TEST_H
#define KCOPYD_TEST_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/workqueue.h>

#include "kcopyd.h"
#include "test_disk.h"

/* Only what hangs takes so long, however busy the machine is. */
#define KT_PATIENCE  (120 * HZ)
#define KT_MAX_JOBS  128
#define KT_MAX_TASKS 32

/* Destination i of kt_make_disks() is filled with this byte. */
#define KT_BACKGROUND(i) (0x40 + (i))

struct kt_fixture;

/**
 * struct kt_job - a job and how it was called back
 * @f: the fixture
 * @from: its source
 * @to: its destinations
 * @num_dests: how many
 * @accepted: whether kcopyd took it
 * @then: called from the callback, if set
 * @calls: how often it was called back
 * @read_err: what the callback was told
 * @write_err: likewise
 * @place: its place among all callbacks, from 1
 * @called: completed by each callback, at its end
 */
struct kt_job {
	struct kt_fixture *f;
	struct io_region from;
	struct io_region to[KCOPYD_MAX_REGIONS];
	unsigned int num_dests;
	bool accepted;
	void (*then)(struct kt_job *job);
	atomic_t calls;
	int read_err;
	unsigned int write_err;
	unsigned int place;
	struct completion called;
};

/**
 * struct kt_task - something that runs beside the case, and may block
 * @work: how it runs
 * @fn: what runs
 * @data: for @fn
 * @self: the task, once it runs
 * @done: completed when @fn has returned
 */
struct kt_task {
	struct work_struct work;
	void (*fn)(void *data);
	void *data;
	struct task_struct *self;
	struct completion done;
};

/**
 * struct kt_fixture - what a case works with; its test->priv
 * @kc: the client
 * @source: the source's disk
 * @dests: the destinations' disks
 * @nr_disks: how many of these
 * @from: source of the next job
 * @to: destinations of the next job
 * @num_dests: how many of these
 * @jobs: jobs handed out by kt_job()
 * @nr_jobs: how many of them
 * @tasks: tasks started by kt_start()
 * @nr_tasks: how many of them
 * @running: callbacks that run now
 * @called: callbacks so far
 * @overlapped: two callbacks ran at once
 * @wrong_context: a callback could not sleep, or was not on a workqueue
 */
struct kt_fixture {
	struct kcopyd_client *kc;
	struct test_disk *source;
	struct test_disk *dests[KCOPYD_MAX_REGIONS];
	unsigned int nr_disks;
	struct io_region from;
	struct io_region to[KCOPYD_MAX_REGIONS];
	unsigned int num_dests;
	struct kt_job jobs[KT_MAX_JOBS];
	unsigned int nr_jobs;
	struct kt_task tasks[KT_MAX_TASKS];
	unsigned int nr_tasks;
	atomic_t running;
	atomic_t called;
	bool overlapped;
	bool wrong_context;
};

/**
 * struct kt_gate - holds up whoever submits a bio
 * @entered: completed when it does
 * @leave: what it waits for
 * @bios: how many there were
 */
struct kt_gate {
	struct completion entered;
	struct completion leave;
	atomic_t bios;
};

void kt_gate_init(struct kt_gate *gate);
void kt_block_first(struct bio *bio, void *data);

/* 8 MiB, nothing special. */
extern const struct test_disk_params kt_disk;

int kt_init(struct kunit *test);
void kt_exit(struct kunit *test);

void kt_make_client(struct kunit *test, unsigned int num_pages);
void kt_destroy_client(struct kunit *test);
void kt_make_source(struct kunit *test, const struct test_disk_params *params);
void kt_make_dest(struct kunit *test, const struct test_disk_params *params);
void kt_make_disks(struct kunit *test, unsigned int num_dests,
		   const struct test_disk_params *params);
void kt_set_regions(struct kt_fixture *f, sector_t from, sector_t to,
		    sector_t count);

struct kt_job *kt_job(struct kt_fixture *f);
void kt_called(int read_err, unsigned int write_err, void *context);
void kt_called_beside(int read_err, unsigned int write_err, void *context);
int kt_try_copy(struct kt_job *job, unsigned int flags);
int kt_try_zero(struct kt_job *job, unsigned int flags);
void kt_copy(struct kunit *test, struct kt_job *job, unsigned int flags);
void kt_zero(struct kunit *test, struct kt_job *job, unsigned int flags);
void kt_wait(struct kunit *test, struct kt_job *job);
void kt_wait_all(struct kunit *test);
void kt_settle(struct kt_fixture *f);

struct file *const *kt_loop_devices(unsigned int nr);
struct kcopyd_stats kt_stats(struct kt_fixture *f);

void kt_expect_result(struct kunit *test, struct kt_job *job, int read_err,
		      unsigned int write_err);
void kt_expect_copied(struct kunit *test, struct kt_job *job, unsigned int i);
void kt_expect_zeroed(struct kunit *test, struct kt_job *job, unsigned int i);
void kt_expect_untouched(struct kunit *test, struct kt_job *job,
			 unsigned int i);
void kt_expect_no_byte(struct kunit *test, struct test_disk *disk, u8 byte);

void kt_fail(struct test_disk *disk, unsigned int ops, sector_t sector,
	     sector_t count, blk_status_t status);

int kt_module_refcount(void);
void kt_need_famine(struct kunit *test);
void kt_starve(bool on);

struct kt_task *kt_start(struct kunit *test, void (*fn)(void *data),
			 void *data);
bool kt_is_done(struct kt_task *task);
bool kt_wait_asleep(struct kt_task *task);
void kt_join(struct kunit *test, struct kt_task *task);

#endif /* KCOPYD_TEST_H */
