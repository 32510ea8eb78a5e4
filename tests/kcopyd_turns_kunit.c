// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: turns and cancellation, promises 6 and 7
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/tracepoint.h>

#include "engine.h"
#include "kcopyd_test.h"

/* Promise 6: fair */

/* How many bios for this region arrived between two places in the log. */
static unsigned int arrivals(struct test_disk *disk,
			     const struct io_region *region, unsigned int first,
			     unsigned int end)
{
	unsigned int i, n = 0;

	for (i = first; i < end; i++) {
		sector_t sector = test_disk_log(disk, i)->sector;

		if (sector >= region->sector &&
		    sector < region->sector + region->count)
			n++;
	}
	return n;
}

/* Where in the log the first bio for this region is. */
static unsigned int first_arrival(struct test_disk *disk,
				  const struct io_region *region)
{
	unsigned int i, length = test_disk_log_length(disk);

	for (i = 0; i < length && !arrivals(disk, region, i, i + 1); i++)
		;
	return i;
}

/* Let bios end one by one, the oldest first, until a job is called back. */
static void release_until_called(struct kunit *test, struct test_disk *disk,
				 struct kt_job *job)
{
	unsigned long end = jiffies + KT_PATIENCE;

	while (!completion_done(&job->called) && time_before(jiffies, end)) {
		if (test_disk_held(disk))
			test_disk_release(disk, 0);
		else
			usleep_range(100, 200);
	}
	kt_wait(test, job);
}

/* Copies, or zeroing. */
enum work { COPY, COPY_IN_SEQUENCE, ZERO };

static void submit(struct kunit *test, struct kt_job *job, enum work work)
{
	if (work == ZERO)
		kt_zero(test, job, 0);
	else
		kt_copy(test, job, work == COPY ? 0 : KCOPYD_WRITE_SEQ);
}

static const struct io_region *region_of(struct kt_job *job, enum work work)
{
	return work == ZERO ? &job->to[0] : &job->from;
}

#define LARGE 12000

/* Large jobs run; then comes a small one. */
static void expect_fairness(struct kunit *test, unsigned int num_pages,
			    unsigned int nr_large, enum work work)
{
	struct kt_fixture *f = test->priv;
	struct test_disk *disk = work == ZERO ? f->dests[0] : f->source;
	unsigned int first = f->nr_jobs, i, start, end;
	struct kt_job *small;

	test_disk_clear_log(disk);
	kt_make_client(test, num_pages);
	test_disk_hold(disk, TEST_DISK_ALL);
	for (i = 0; i < nr_large; i++) {
		kt_set_regions(f, LARGE * i, LARGE * i, LARGE);
		submit(test, kt_job(f), work);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(disk, 1));
	kt_settle(f);
	start = test_disk_log_length(disk);
	small = kt_job(f);
	kt_set_regions(f, LARGE * 3, LARGE * 3, 8);
	submit(test, small, work);
	release_until_called(test, disk, small);
	end = first_arrival(disk, region_of(small, work));
	for (i = first; i < first + nr_large; i++) {
		const struct io_region *large = region_of(&f->jobs[i], work);

		KUNIT_EXPECT_LE(test, arrivals(disk, large, start, end), 1);
		kcopyd_cancel(f->kc, &f->jobs[i]);
	}
	test_disk_release_all(disk, TEST_DISK_FIFO);
	kt_destroy_client(test);
}

static void small_job_waits_for_one_piece_of_each_job_ahead(struct kunit *test)
{
	static const struct test_disk_params large_disk = {
		.sectors = LARGE * 3 + 8,
	};
	static const unsigned int num_pages[] = { 1, 2, 8, 64, 512 };
	unsigned int i;

	kt_make_source(test, &large_disk);
	kt_make_dest(test, &large_disk);
	for (i = 0; i < ARRAY_SIZE(num_pages); i++) {
		expect_fairness(test, num_pages[i], 1, COPY);
		expect_fairness(test, num_pages[i], 3, COPY);
		expect_fairness(test, num_pages[i], 2, COPY_IN_SEQUENCE);
		expect_fairness(test, num_pages[i], 2, ZERO);
	}
}

/* Work of others, on the processor of a worker that is never out of copies. */
static struct bystander {
	struct work_struct work;
	bool has_run;
	struct completion chain_ended;
} bystander;

static void run_bystander(struct work_struct *work)
{
	WRITE_ONCE(bystander.has_run, true);
}

/* Each copy is followed by the next, until the bystander has run. */
static void submit_next(struct kt_job *job)
{
	struct kt_fixture *f = job->f;

	if (job == f->jobs)
		schedule_work_on(raw_smp_processor_id(), &bystander.work);
	if (READ_ONCE(bystander.has_run) || job == &f->jobs[KT_MAX_JOBS - 1] ||
	    kt_try_copy(job + 1, 0))
		complete(&bystander.chain_ended);
}

static void other_work_starts_beside_a_busy_worker(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	INIT_WORK(&bystander.work, run_bystander);
	bystander.has_run = false;
	init_completion(&bystander.chain_ended);
	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	for (i = 0; i < KT_MAX_JOBS; i++)
		kt_job(f)->then = submit_next;
	kt_copy(test, f->jobs, 0);
	KUNIT_EXPECT_NE(test,
			wait_for_completion_timeout(&bystander.chain_ended,
						    KT_PATIENCE),
			0);
	KUNIT_EXPECT_FALSE(test, f->jobs[KT_MAX_JOBS - 1].accepted);
	flush_work(&bystander.work);
}

struct pool_workqueue;

/* The preemption counts with which works are queued. */
static struct {
	struct work_struct *ours; /* queued where preemption is allowed */
	int count_of_ours;
	struct kcopyd_client *kc;
	unsigned int nr; /* how often a work of the client was queued, */
	unsigned int preemptible; /* and so often with no higher a count */
	struct tracepoint *tracepoint;
} queueing;

/*
 * How many bios one run of a work of the client submits: counted by the disks, from
 * its beginning to its end as the workqueue's tracepoints tell.
 */
static struct {
	struct kcopyd_client *kc;
	unsigned int bios[2], most;
	struct tracepoint *start, *end;
} meter;

/* Which of the client's two works this is; 2 if it is none. */
static unsigned int which(struct work_struct *work)
{
	unsigned int i = 0;

	while (i < 2 && work != &meter.kc->works[i].work)
		i++;
	return i;
}

static void count_bio(struct bio *bio, void *unused)
{
	unsigned int i = which(current_work());

	if (i < 2)
		meter.bios[i]++;
}

static void run_starts(void *unused, struct work_struct *work)
{
	unsigned int i = which(work);

	if (i < 2)
		meter.bios[i] = 0;
}

static void run_ends(void *unused, struct work_struct *work, work_func_t fn)
{
	unsigned int i = which(work);

	if (i < 2)
		meter.most = max(meter.most, meter.bios[i]);
}

static void find_tracepoints(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "workqueue_queue_work"))
		queueing.tracepoint = tracepoint;
	if (!strcmp(tracepoint->name, "workqueue_execute_start"))
		meter.start = tracepoint;
	if (!strcmp(tracepoint->name, "workqueue_execute_end"))
		meter.end = tracepoint;
}

static void work_is_queued(void *unused, int cpu, struct pool_workqueue *pwq,
			   struct work_struct *work)
{
	struct kcopyd_client *kc = queueing.kc;

	if (work == queueing.ours)
		queueing.count_of_ours = preempt_count();
	if (work != &kc->works[0].work && work != &kc->works[1].work)
		return;
	queueing.nr++;
	if (preempt_count() <= queueing.count_of_ours)
		queueing.preemptible++;
}

static void do_nothing(struct work_struct *work)
{
}

/*
 * The one who is to queue the worker's work can't be preempted before he has: until
 * then nobody else would. A read that ends inside submit_bio() makes him one who
 * could be.
 */
static void worker_is_queued_without_preemption(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct work_struct ours;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count");
	for_each_kernel_tracepoint(find_tracepoints, NULL);
	if (!queueing.tracepoint)
		kunit_skip(test, "this kernel has no tracepoints");
	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	INIT_WORK_ONSTACK(&ours, do_nothing);
	queueing.ours = &ours;
	queueing.kc = f->kc;
	queueing.nr = 0;
	queueing.preemptible = 0;
	tracepoint_probe_register(queueing.tracepoint, work_is_queued, NULL);
	schedule_work(&ours);
	flush_work(&ours);
	for (i = 0; i < 8; i++) {
		struct kt_job *job = kt_job(f);

		kt_copy(test, job, 0);
		wait_for_completion_timeout(&job->called, KT_PATIENCE);
		kt_settle(f);
	}
	tracepoint_probe_unregister(queueing.tracepoint, work_is_queued, NULL);
	tracepoint_synchronize_unregister();
	destroy_work_on_stack(&ours);
	KUNIT_EXPECT_GT(test, queueing.nr, 0);
	KUNIT_EXPECT_EQ(test, queueing.preemptible, 0);
}

/* Copies to eight disks that complete at once: more than a worker may move. */
static void worker_moves_no_more_than_its_turn(struct kunit *test)
{
	static const struct test_disk_params params = { .sectors = 8192 };
	/* 1.5 MiB in parts of 512 KiB, of which the last goes to eight disks. */
	const unsigned int bound = 3 + KCOPYD_MAX_REGIONS;
	struct kt_fixture *f = test->priv;
	unsigned int i;

	meter.most = 0;
	for_each_kernel_tracepoint(find_tracepoints, NULL);
	if (!meter.start || !meter.end)
		kunit_skip(test, "this kernel has no tracepoints");
	kt_make_client(test, 64 * 128);
	meter.kc = f->kc;
	kt_make_source(test, &params);
	test_disk_watch(f->source, count_bio, NULL);
	for (i = 0; i < KCOPYD_MAX_REGIONS; i++) {
		kt_make_dest(test, &params);
		test_disk_watch(f->dests[i], count_bio, NULL);
	}
	kt_set_regions(f, 0, 0, 8192 - 8 * KCOPYD_MAX_REGIONS);
	tracepoint_probe_register(meter.start, run_starts, NULL);
	tracepoint_probe_register(meter.end, run_ends, NULL);
	for (i = 0; i < 8; i++)
		kt_copy(test, kt_job(f), KCOPYD_NOWAIT);
	for (i = 0; i < 8; i++)
		wait_for_completion_timeout(&f->jobs[i].called, KT_PATIENCE);
	tracepoint_probe_unregister(meter.start, run_starts, NULL);
	tracepoint_probe_unregister(meter.end, run_ends, NULL);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_GT(test, meter.most, 0);
	KUNIT_EXPECT_LE(test, meter.most, bound);
}

/* Promise 7: cancel */

static void waiting_job_is_cancelled_without_any_io(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *busy = kt_job(f), *waiting = kt_job(f);

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, busy, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	kt_set_regions(f, 100, 100, 1000);
	kt_copy(test, waiting, 0);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, waiting), 1);
	kt_expect_result(test, waiting, -ECANCELED, 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, busy, 0, 0);
	kt_expect_copied(test, busy, 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->source), 1);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[0]), 1);
}

/* Cancel a job whose reads are held; no write may follow. */
static void expect_cancelled_in_reads(struct kunit *test, unsigned int flags)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int reads;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, job, flags);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, job), 1);
	reads = test_disk_log_length(f->source);
	kt_settle(f);
	KUNIT_EXPECT_EQ(test, atomic_read(&job->calls), 0);
	test_disk_release_all(f->source, TEST_DISK_LIFO);
	kt_expect_result(test, job, -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->source), reads);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[0]), 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[1]), 0);
}

static void job_is_cancelled_while_it_reads(struct kunit *test)
{
	expect_cancelled_in_reads(test, 0);
}

static void sequential_job_is_cancelled_while_it_reads(struct kunit *test)
{
	expect_cancelled_in_reads(test, KCOPYD_WRITE_SEQ);
}

static void ordered_durable_job_is_cancelled_while_it_reads(struct kunit *test)
{
	expect_cancelled_in_reads(test, KCOPYD_ORDERED | KCOPYD_DURABLE |
						KCOPYD_IGNORE_ERROR);
}

/* Cancel a job whose writes are held; nothing new may follow. */
static void expect_cancelled_in_writes(struct kunit *test, unsigned int flags)
{
	static const struct test_disk_params cached = {
		.sectors = 16384,
		.flags = TEST_DISK_HAS_CACHE,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int ios;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &cached);
	test_disk_hold(f->dests[0], TEST_DISK_WRITE);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, job, flags);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 1));
	kt_settle(f);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, job), 1);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, job), 0);
	ios = test_disk_log_length(f->dests[0]);
	KUNIT_EXPECT_EQ(test, atomic_read(&job->calls), 0);
	test_disk_release_all(f->dests[0], TEST_DISK_FIFO);
	kt_expect_result(test, job, -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[0]), ios);
}

static void job_is_cancelled_while_it_writes(struct kunit *test)
{
	expect_cancelled_in_writes(test, 0);
}

/* Pieces that were read wait for the write before them; they go nowhere. */
static void sequential_job_is_cancelled_while_pieces_wait(struct kunit *test)
{
	expect_cancelled_in_writes(test, KCOPYD_WRITE_SEQ);
}

static void durable_job_is_cancelled_before_its_flush(struct kunit *test)
{
	expect_cancelled_in_writes(test, KCOPYD_DURABLE);
}

static void zeroing_is_cancelled(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int ios;

	kt_make_client(test, 4);
	kt_make_dest(test, &kt_disk);
	test_disk_hold(f->dests[0], TEST_DISK_WRITE);
	kt_set_regions(f, 0, 0, 16000);
	kt_zero(test, job, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 1));
	kt_settle(f);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, job), 1);
	ios = test_disk_log_length(f->dests[0]);
	test_disk_release_all(f->dests[0], TEST_DISK_FIFO);
	kt_expect_result(test, job, -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[0]), ios);
}

static void only_jobs_of_that_context_are_cancelled(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *doomed;
	unsigned int i;

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < 6; i++) {
		kt_set_regions(f, 1000 * i, 1000 * i, 500);
		kt_copy(test, kt_job(f), i % 2 ? KCOPYD_ORDERED : 0);
	}
	doomed = &f->jobs[2];
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, NULL), 0);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, doomed), 1);
	test_disk_release_all(f->source, TEST_DISK_LIFO);
	for (i = 0; i < 6; i++)
		kt_expect_result(test, &f->jobs[i],
				 &f->jobs[i] == doomed ? -ECANCELED : 0, 0);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, doomed), 0);
}

/* For a submitter that is blocked in submit_bio(). */
static struct kt_gate gate;

static void submit_blocked(void *data)
{
	struct kt_job *job = data;

	if (job->f->source)
		kt_try_copy(job, 0);
	else
		kt_try_zero(job, 0);
}

/* Of all that was decided on, nothing is begun after the cancellation. */
static void expect_nothing_after_cancel(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i, bios = 0;
	struct kt_task *task;

	kt_gate_init(&gate);
	kt_make_client(test, 64 * 128);
	if (f->source)
		test_disk_watch(f->source, kt_block_first, &gate);
	for (i = 0; i < f->nr_disks; i++)
		test_disk_watch(f->dests[i], kt_block_first, &gate);
	kt_set_regions(f, 0, 0, 16000);
	task = kt_start(test, submit_blocked, job);
	wait_for_completion(&gate.entered);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, job), 1);
	complete(&gate.leave);
	kt_join(test, task);
	kt_expect_result(test, job, -ECANCELED, 0);
	if (f->source)
		bios = test_disk_count(f->source, TEST_DISK_ALL);
	for (i = 0; i < f->nr_disks; i++)
		bios += test_disk_count(f->dests[i], TEST_DISK_ALL);
	KUNIT_EXPECT_EQ(test, bios, 1);
}

static void cancelled_copy_begins_no_more_pieces(struct kunit *test)
{
	kt_make_disks(test, 1, &kt_disk);
	expect_nothing_after_cancel(test);
}

static void cancelled_zeroing_begins_no_more_pieces(struct kunit *test)
{
	kt_make_dest(test, &kt_disk);
	expect_nothing_after_cancel(test);
}

static void cancelled_zeroing_spares_the_next_destinations(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < KCOPYD_MAX_REGIONS; i++)
		kt_make_dest(test, &kt_disk);
	expect_nothing_after_cancel(test);
}

static atomic_t nr_cancelled;

static void count_cancelled(int read_err, unsigned int write_err, void *context)
{
	if (read_err == -ECANCELED)
		atomic_inc(&nr_cancelled);
}

static void all_jobs_of_a_context_are_cancelled(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	atomic_set(&nr_cancelled, 0);
	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < 5; i++) {
		kt_set_regions(f, 1000 * i, 1000 * i, 500);
		KUNIT_ASSERT_EQ(test,
				kcopyd_copy(f->kc, &f->from, 1, f->to, 0,
					    count_cancelled, f),
				0);
	}
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, f), 5);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_destroy_client(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_cancelled), 5);
}

/* More than are looked at in one go; and somebody waits for them meanwhile. */
#define MANY 5000

static void drain(void *data)
{
	kcopyd_client_drain(data);
}

static void count_others(int read_err, unsigned int write_err, void *context)
{
}

static void many_jobs_are_cancelled(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *task;
	unsigned int i;
	int err;

	atomic_set(&nr_cancelled, 0);
	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8);
	for (i = 0; i < MANY; i++) {
		/* The first is in flight; each fifth has another context. */
		err = kcopyd_copy(f->kc, &f->from, 1, f->to, 0,
				  i % 5 ? count_cancelled : count_others,
				  i % 5 ? (void *)f : (void *)test);
		KUNIT_ASSERT_EQ(test, err, 0);
	}
	task = kt_start(test, drain, f->kc);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, f), MANY / 5 * 4);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, f), 0);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, test), MANY / 5);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_join(test, task);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_cancelled), MANY / 5 * 4);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_cancelled, MANY);
}

static void other_clients_jobs_are_not_cancelled(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	struct kcopyd_client *other;

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	KUNIT_ASSERT_EQ(test, kcopyd_client_create(1, &other), 0);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 100);
	kt_copy(test, job, 0);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(other, job), 0);
	kcopyd_client_destroy(other);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	kt_expect_copied(test, job, 0);
}

static struct kunit_case turns_cases[] = {
	KUNIT_CASE(small_job_waits_for_one_piece_of_each_job_ahead),
	KUNIT_CASE(other_work_starts_beside_a_busy_worker),
	KUNIT_CASE(worker_is_queued_without_preemption),
	KUNIT_CASE(worker_moves_no_more_than_its_turn),
	KUNIT_CASE(waiting_job_is_cancelled_without_any_io),
	KUNIT_CASE(job_is_cancelled_while_it_reads),
	KUNIT_CASE(sequential_job_is_cancelled_while_it_reads),
	KUNIT_CASE(ordered_durable_job_is_cancelled_while_it_reads),
	KUNIT_CASE(job_is_cancelled_while_it_writes),
	KUNIT_CASE(sequential_job_is_cancelled_while_pieces_wait),
	KUNIT_CASE(durable_job_is_cancelled_before_its_flush),
	KUNIT_CASE(zeroing_is_cancelled),
	KUNIT_CASE(cancelled_copy_begins_no_more_pieces),
	KUNIT_CASE(cancelled_zeroing_begins_no_more_pieces),
	KUNIT_CASE(cancelled_zeroing_spares_the_next_destinations),
	KUNIT_CASE(only_jobs_of_that_context_are_cancelled),
	KUNIT_CASE(all_jobs_of_a_context_are_cancelled),
	KUNIT_CASE(many_jobs_are_cancelled),
	KUNIT_CASE(other_clients_jobs_are_not_cancelled),
	{}
};

static struct kunit_suite turns_suite = {
	.name = "kcopyd_turns",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = turns_cases,
};

kunit_test_suite(turns_suite);

MODULE_DESCRIPTION("Tests of kcopyd: turns and cancellation");
MODULE_LICENSE("GPL");
