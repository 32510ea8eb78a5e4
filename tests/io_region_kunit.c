// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of io_region.c: regions are checked, and each step of I/O does what it
 * says and ends once, however the devices behave
 *
 * io_region.c is compiled into this file. The devices are test disks.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../io_region.c"

static const struct io_owner nobody;
#include "test_disk.h"

#define DISK_SECTORS   1280
#define BUFFER_SECTORS 1024
#define BACKGROUND     0x40
#define EVERY_PLACE    GENMASK(KCOPYD_MAX_REGIONS - 1, 0)

struct fixture {
	struct region_io io;
	bool stop;
	struct completion ended;
	atomic_t nr_ended;
	struct test_disk *disks[KCOPYD_MAX_REGIONS];
	struct io_place places[KCOPYD_MAX_REGIONS];
	u8 *buffer;
};

static void step_ended(struct region_io *io)
{
	struct fixture *f = container_of(io, struct fixture, io);

	atomic_inc(&f->nr_ended);
	complete(&f->ended);
}

/* Wait for the end of a step, and see that it ended once. */
static void expect_end(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_TRUE_MSG(test,
			      wait_for_completion_timeout(&f->ended, 30 * HZ),
			      "the step does not end");
	KUNIT_EXPECT_EQ(test, atomic_read(&f->nr_ended), 1);
	atomic_set(&f->nr_ended, 0);
}

static const struct test_disk_params plain = { .sectors = DISK_SECTORS };

static const struct test_disk_params with_zero = {
	.sectors = DISK_SECTORS,
	.flags = TEST_DISK_HAS_ZERO,
};

static const struct test_disk_params with_cache = {
	.sectors = DISK_SECTORS,
	.flags = TEST_DISK_HAS_CACHE,
};

/* Disk i is filled with BACKGROUND; place i is sector 8 * i of it. */
static void make_disk(struct kunit *test, unsigned int i,
		      const struct test_disk_params *params)
{
	struct fixture *f = test->priv;

	f->disks[i] = test_disk_create(params);
	KUNIT_ASSERT_NOT_NULL(test, f->disks[i]);
	test_disk_fill_byte(f->disks[i], BACKGROUND);
	f->places[i] = (struct io_place){ test_disk_bdev(f->disks[i]), 8 * i };
}

static void make_disks(struct kunit *test, unsigned int n,
		       const struct test_disk_params *params)
{
	while (n--)
		make_disk(test, n, params);
}

/* Put the first sectors of the buffer in vectors, the first one a short one. */
static void map_buffer(struct fixture *f, unsigned int sectors)
{
	unsigned int bytes = sectors << SECTOR_SHIFT, done = 0, len;

	for (f->io.nr_vecs = 0; done < bytes; f->io.nr_vecs++) {
		len = f->io.nr_vecs ? 16 * PAGE_SIZE : PAGE_SIZE;
		len = min(len, bytes - done);
		f->io.vecs[f->io.nr_vecs] = (struct bio_vec){
			.bv_page = virt_to_page(f->buffer + done),
			.bv_len = len,
		};
		done += len;
	}
}

static bool on_disk(struct fixture *f, unsigned int i, unsigned int sectors)
{
	return !memcmp(test_disk_data(f->disks[i]) +
			       (f->places[i].sector << SECTOR_SHIFT),
		       f->buffer, sectors << SECTOR_SHIFT);
}

/* Whether nothing but these sectors from its place on has changed. */
static bool rest_untouched(struct fixture *f, unsigned int i,
			   unsigned int sectors)
{
	unsigned int end = f->places[i].sector + sectors;

	return test_disk_is_filled(f->disks[i], 0, f->places[i].sector,
				   BACKGROUND) &&
	       test_disk_is_filled(f->disks[i], end, DISK_SECTORS - end,
				   BACKGROUND);
}

/* Checks */

struct check_case {
	sector_t sector;
	sector_t count;
	int result;
};

static int check(const struct io_region *region)
{
	int err = io_region_check(region);

	return err ?: io_region_fits(region) ? 0 : -ENOSPC;
}

static void expect_checks(struct kunit *test, const struct check_case *cases,
			  unsigned int n)
{
	struct fixture *f = test->priv;

	while (n--) {
		struct io_region region = {
			.bdev = f->places[0].bdev,
			.sector = cases[n].sector,
			.count = cases[n].count,
		};

		KUNIT_EXPECT_EQ_MSG(test, check(&region), cases[n].result,
				    "sector %llu count %llu", region.sector,
				    region.count);
	}
}

static void region_must_lie_on_its_device(struct kunit *test)
{
	static const struct check_case cases[] = {
		{ 0, DISK_SECTORS, 0 },
		{ 0, 0, 0 },
		{ DISK_SECTORS, 0, 0 },
		{ DISK_SECTORS - 1, 1, 0 },
		{ 0, DISK_SECTORS + 1, -ENOSPC },
		{ DISK_SECTORS - 1, 2, -ENOSPC },
		{ DISK_SECTORS, 1, -ENOSPC },
		{ DISK_SECTORS + 1, 0, -ENOSPC },
		{ U64_MAX, 1, -EINVAL },
		{ U64_MAX, U64_MAX, -EINVAL },
		{ 1, U64_MAX, -EINVAL },
		{ 0, U64_MAX, -ENOSPC },
		{ U64_MAX - 7, 16, -EINVAL },
		{ 1ULL << 63, 1ULL << 63, -EINVAL },
	};

	make_disks(test, 1, &plain);
	expect_checks(test, cases, ARRAY_SIZE(cases));
}

/* A partition keeps its own size when its disk shrinks or is gone. */
static void region_of_a_partition_must_lie_on_its_disk(struct kunit *test)
{
	static const struct test_disk_params partitioned = {
		.sectors = DISK_SECTORS,
		.part_start = 64,
	};
	struct io_region region = { .count = DISK_SECTORS - 64 };
	struct fixture *f = test->priv;

	make_disks(test, 1, &partitioned);
	region.bdev = test_disk_partition(f->disks[0]);
	KUNIT_ASSERT_NOT_NULL(test, region.bdev);
	KUNIT_EXPECT_TRUE(test, io_region_fits(&region));
	test_disk_shrink(f->disks[0], DISK_SECTORS - 8);
	KUNIT_EXPECT_FALSE(test, io_region_fits(&region));
	region.count -= 8;
	KUNIT_EXPECT_TRUE(test, io_region_fits(&region));
	test_disk_vanish(f->disks[0]);
	region.count = 8;
	KUNIT_EXPECT_FALSE(test, io_region_fits(&region));
}

static void region_must_be_aligned_to_blocks(struct kunit *test)
{
	static const struct test_disk_params large_blocks = {
		.sectors = DISK_SECTORS,
		.block_size = 4096,
	};
	static const struct check_case cases[] = {
		{ 0, 8, 0 },	    { 8, 16, 0 },      { 8, 0, 0 },
		{ 1, 8, -EINVAL },  { 4, 8, -EINVAL }, { 0, 1, -EINVAL },
		{ 8, 12, -EINVAL }, { 3, 0, -EINVAL },
	};

	make_disks(test, 1, &large_blocks);
	expect_checks(test, cases, ARRAY_SIZE(cases));
}

static void region_must_be_there(struct kunit *test)
{
	struct io_region nowhere = { .count = 1 };

	KUNIT_EXPECT_EQ(test, io_region_check(NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, io_region_check(&nowhere), -EINVAL);
}

/* Overlap is asked for both ways round. */
static void expect_overlap(struct kunit *test, struct io_region a,
			   struct io_region b, bool overlap)
{
	KUNIT_EXPECT_EQ_MSG(test, io_regions_overlap(&a, &b), overlap,
			    "[%llu, +%llu) and [%llu, +%llu)", a.sector,
			    a.count, b.sector, b.count);
	KUNIT_EXPECT_EQ(test, io_regions_overlap(&b, &a), overlap);
}

#define REGION(bdev, sector, count) ((struct io_region){ bdev, sector, count })

static void regions_overlap_if_they_share_a_sector(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct block_device *a, *b;

	make_disks(test, 2, &plain);
	a = f->places[0].bdev;
	b = f->places[1].bdev;
	expect_overlap(test, REGION(a, 8, 8), REGION(a, 8, 8), true);
	expect_overlap(test, REGION(a, 8, 8), REGION(a, 15, 8), true);
	expect_overlap(test, REGION(a, 0, 64), REGION(a, 10, 1), true);
	expect_overlap(test, REGION(a, 8, 8), REGION(a, 16, 8), false);
	expect_overlap(test, REGION(a, 8, 8), REGION(a, 100, 8), false);
	expect_overlap(test, REGION(a, 8, 0), REGION(a, 8, 8), false);
	expect_overlap(test, REGION(a, 0, 8), REGION(a, 4, 0), false);
	expect_overlap(test, REGION(a, 8, 8), REGION(b, 8, 8), false);
}

static void partitions_overlap_with_their_disk(struct kunit *test)
{
	static const struct test_disk_params partitioned = {
		.sectors = DISK_SECTORS,
		.part_start = 64,
	};
	struct fixture *f = test->priv;
	struct block_device *disk, *part;

	make_disks(test, 1, &partitioned);
	disk = test_disk_bdev(f->disks[0]);
	part = test_disk_partition(f->disks[0]);
	KUNIT_ASSERT_NOT_NULL(test, part);
	expect_overlap(test, REGION(disk, 64, 8), REGION(part, 0, 8), true);
	expect_overlap(test, REGION(disk, 71, 1), REGION(part, 0, 8), true);
	expect_overlap(test, REGION(disk, 0, 64), REGION(part, 0, 8), false);
	expect_overlap(test, REGION(disk, 0, 8), REGION(part, 0, 8), false);
	expect_overlap(test, REGION(disk, 72, 8), REGION(part, 0, 8), false);
	expect_overlap(test, REGION(part, 4, 8), REGION(part, 0, 8), true);
}

/* Steps */

static void read_fills_the_buffer(struct kunit *test)
{
	static const unsigned int lengths[] = { 1, 7, 8, 9, 64, 129, 1023 };
	struct fixture *f = test->priv;
	unsigned int i;

	make_disks(test, 1, &plain);
	test_disk_fill(f->disks[0], 1);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned int bytes = lengths[i] << SECTOR_SHIFT;
		u8 *data = test_disk_data(f->disks[0]) + (40 << SECTOR_SHIFT);
		u8 *end = f->buffer + bytes;

		memset(f->buffer, 0x5a, BUFFER_SECTORS << SECTOR_SHIFT);
		map_buffer(f, lengths[i]);
		region_read(&f->io, f->places, 40, lengths[i]);
		expect_end(test);
		KUNIT_EXPECT_EQ(test, region_read_error(&f->io), 0);
		KUNIT_EXPECT_EQ(test, memcmp(data, f->buffer, bytes), 0);
		KUNIT_EXPECT_FALSE(test, memchr_inv(end, 0x5a, SECTOR_SIZE));
	}
	KUNIT_EXPECT_EQ(test, test_disk_count(f->disks[0], TEST_DISK_READ),
			ARRAY_SIZE(lengths));
}

static void failed_read_tells_its_errno(struct kunit *test)
{
	static const blk_status_t statuses[] = {
		BLK_STS_IOERR,
		BLK_STS_MEDIUM,
		BLK_STS_TARGET,
		BLK_STS_PROTECTION,
	};
	struct fixture *f = test->priv;
	unsigned int i;

	make_disks(test, 1, &plain);
	map_buffer(f, 16);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		test_disk_fail(f->disks[0], &(struct test_disk_fault){
						    .ops = TEST_DISK_READ,
						    .status = statuses[i],
					    });
		region_read(&f->io, f->places, 0, 16);
		expect_end(test);
		KUNIT_EXPECT_EQ(test, region_read_error(&f->io),
				blk_status_to_errno(statuses[i]));
		test_disk_heal(f->disks[0]);
	}
	region_read(&f->io, f->places, 0, 16);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_read_error(&f->io), 0);
}

static void write_reaches_every_place_it_names(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned long places;
	unsigned int i;

	make_disks(test, KCOPYD_MAX_REGIONS, &plain);
	map_buffer(f, 100);
	for (places = 1; places <= EVERY_PLACE; places = places * 2 + 1) {
		region_write(&f->io, f->places, places, 0, 100);
		expect_end(test);
		KUNIT_EXPECT_EQ(test, region_failed(&f->io), 0);
	}
	for (i = 0; i < KCOPYD_MAX_REGIONS; i++) {
		KUNIT_EXPECT_TRUE(test, on_disk(f, i, 100));
		KUNIT_EXPECT_TRUE(test, rest_untouched(f, i, 100));
		KUNIT_EXPECT_EQ(test,
				test_disk_count(f->disks[i], TEST_DISK_ALL),
				KCOPYD_MAX_REGIONS - i);
	}
}

static void write_leaves_other_places_alone(struct kunit *test)
{
	struct fixture *f = test->priv;

	make_disks(test, 3, &plain);
	map_buffer(f, 3);
	region_write(&f->io, f->places, BIT(0) | BIT(2), 0, 3);
	expect_end(test);
	KUNIT_EXPECT_TRUE(test, on_disk(f, 0, 3));
	KUNIT_EXPECT_TRUE(test, rest_untouched(f, 1, 0));
	KUNIT_EXPECT_TRUE(test, on_disk(f, 2, 3));
}

static void each_failed_place_has_its_bit(struct kunit *test)
{
	static const struct test_disk_fault fault = {
		.ops = TEST_DISK_WRITE,
		.status = BLK_STS_IOERR,
	};
	struct fixture *f = test->priv;

	make_disks(test, 4, &plain);
	test_disk_fail(f->disks[1], &fault);
	test_disk_fail(f->disks[3], &fault);
	map_buffer(f, 24);
	region_write(&f->io, f->places, BIT(0) | BIT(1) | BIT(2) | BIT(3), 0,
		     24);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_failed(&f->io), BIT(1) | BIT(3));
	KUNIT_EXPECT_TRUE(test, on_disk(f, 0, 24));
	KUNIT_EXPECT_TRUE(test, on_disk(f, 2, 24));

	/* The next step knows nothing of the failures of this one. */
	region_write(&f->io, f->places, BIT(0), 0, 24);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_failed(&f->io), 0);
}

static void zeroing_by_command_zeroes(struct kunit *test)
{
	struct fixture *f = test->priv;

	make_disks(test, 2, &with_zero);
	region_write_zeroes(&f->io, f->places, BIT(0) | BIT(1), 0, 1100);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_failed(&f->io), 0);
	KUNIT_EXPECT_TRUE(test, test_disk_is_filled(f->disks[0], 0, 1100, 0));
	KUNIT_EXPECT_TRUE(test, test_disk_is_filled(f->disks[1], 8, 1100, 0));
	KUNIT_EXPECT_TRUE(test, rest_untouched(f, 1, 1100));
	KUNIT_EXPECT_EQ(test, test_disk_count(f->disks[0], TEST_DISK_ALL), 1);
}

/* Refused: zero by writing. Failed: the disk is bad. */
static void refusal_and_failure_are_told_apart(struct kunit *test)
{
	struct fixture *f = test->priv;

	make_disks(test, 3, &with_zero);
	make_disk(test, 3, &plain);
	test_disk_fail(f->disks[1], &(struct test_disk_fault){
					    .ops = TEST_DISK_ZERO,
					    .status = BLK_STS_NOTSUPP,
				    });
	test_disk_fail(f->disks[2], &(struct test_disk_fault){
					    .ops = TEST_DISK_ZERO,
					    .status = BLK_STS_IOERR,
				    });
	region_write_zeroes(&f->io, f->places,
			    BIT(0) | BIT(1) | BIT(2) | BIT(3), 0, 64);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_refused(&f->io, f->places),
			BIT(1) | BIT(3));
	KUNIT_EXPECT_EQ(test, region_failed(&f->io), BIT(1) | BIT(2) | BIT(3));
}

static void zeroing_by_writing_zeroes(struct kunit *test)
{
	static const unsigned int lengths[] = { 1, 9, 63, 65, 1000, 1024 };
	struct fixture *f = test->priv;
	unsigned int i;

	make_disks(test, 2, &plain);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		test_disk_fill_byte(f->disks[0], BACKGROUND);
		test_disk_fill_byte(f->disks[1], BACKGROUND);
		region_write_zero_pages(&f->io, f->places, BIT(0) | BIT(1), 0,
					lengths[i]);
		expect_end(test);
		KUNIT_EXPECT_EQ(test, region_failed(&f->io), 0);
		KUNIT_EXPECT_TRUE(test, test_disk_is_filled(f->disks[0], 0,
							    lengths[i], 0));
		KUNIT_EXPECT_TRUE(test, test_disk_is_filled(f->disks[1], 8,
							    lengths[i], 0));
		KUNIT_EXPECT_TRUE(test, rest_untouched(f, 1, lengths[i]));
	}
}

static void flush_makes_durable(struct kunit *test)
{
	struct fixture *f = test->priv;

	make_disks(test, 2, &with_cache);
	map_buffer(f, 32);
	region_write(&f->io, f->places, BIT(0) | BIT(1), 0, 32);
	expect_end(test);
	KUNIT_EXPECT_FALSE(test, test_disk_durable(f->disks[0], 0, 32));
	region_flush(&f->io, f->places, BIT(0));
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_failed(&f->io), 0);
	KUNIT_EXPECT_TRUE(test, test_disk_durable(f->disks[0], 0, 32));
	KUNIT_EXPECT_FALSE(test, test_disk_durable(f->disks[1], 8, 32));
}

/* Somebody waits for them, so writeback throttling is not to hold them up. */
static void writes_are_not_taken_for_writeback(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	make_disks(test, 1, &with_cache);
	map_buffer(f, 8);
	region_write(&f->io, f->places, BIT(0), 0, 8);
	expect_end(test);
	region_write_zero_pages(&f->io, f->places, BIT(0), 0, 8);
	expect_end(test);
	region_flush(&f->io, f->places, BIT(0));
	expect_end(test);
	KUNIT_ASSERT_EQ(test, test_disk_log_length(f->disks[0]), 3);
	for (i = 0; i < 3; i++) {
		blk_opf_t opf = test_disk_log(f->disks[0], i)->opf;

		KUNIT_EXPECT_TRUE(test, opf & REQ_SYNC);
		KUNIT_EXPECT_TRUE(test, opf & REQ_IDLE);
	}
}

static void failed_flush_has_its_bit(struct kunit *test)
{
	struct fixture *f = test->priv;

	make_disks(test, 2, &with_cache);
	make_disk(test, 2, &plain);
	test_disk_fail(f->disks[1], &(struct test_disk_fault){
					    .ops = TEST_DISK_FLUSH,
					    .status = BLK_STS_IOERR,
				    });
	region_flush(&f->io, f->places, BIT(0) | BIT(1) | BIT(2));
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_failed(&f->io), BIT(1));
}

/* The end of a step */

static void step_ends_once_wherever_its_bios_end(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int round, i;

	make_disks(test, KCOPYD_MAX_REGIONS, &plain);
	map_buffer(f, 16);
	for (round = 0; round < 40; round++) {
		for (i = 0; i < KCOPYD_MAX_REGIONS; i++)
			test_disk_end_in(f->disks[i],
					 (round + i * (round % 3)) % 4);
		region_write(&f->io, f->places, EVERY_PLACE, round, 16);
		expect_end(test);
		KUNIT_EXPECT_EQ(test, region_failed(&f->io), 0);
	}
}

static void step_ends_with_its_last_bio(struct kunit *test)
{
	static const unsigned int order[] = { 2, 0, 3, 1 };
	struct fixture *f = test->priv;
	unsigned int i;

	make_disks(test, 4, &plain);
	for (i = 0; i < 4; i++)
		test_disk_hold(f->disks[i], TEST_DISK_WRITE);
	map_buffer(f, 16);
	region_write(&f->io, f->places, BIT(0) | BIT(1) | BIT(2) | BIT(3), 0,
		     16);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&f->nr_ended), 0);
		KUNIT_ASSERT_TRUE(test,
				  test_disk_wait_held(f->disks[order[i]], 1));
		test_disk_release(f->disks[order[i]], 0);
	}
	expect_end(test);
}

/* Stops the step of a fixture when its second bio arrives. */
static void stop_step(struct bio *bio, void *data)
{
	struct fixture *f = data;

	WRITE_ONCE(f->stop, true);
}

/* The bios that were submitted end as ever, and there are no more. */
static void stopped_step_submits_no_more(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i, bios = 0;

	make_disks(test, 4, &plain);
	test_disk_watch(f->disks[1], stop_step, f);
	test_disk_hold(f->disks[0], TEST_DISK_WRITE);
	region_write_zero_pages(&f->io, f->places, GENMASK(3, 0), 0, 8);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->nr_ended), 0);
	test_disk_release_all(f->disks[0], TEST_DISK_FIFO);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, f->io.places, BIT(0) | BIT(1));
	KUNIT_EXPECT_EQ(test, region_failed(&f->io), 0);
	for (i = 0; i < 4; i++)
		bios += test_disk_count(f->disks[i], TEST_DISK_ALL);
	KUNIT_EXPECT_EQ(test, bios, 2);

	/* Now from the beginning. */
	region_write_zero_pages(&f->io, f->places, GENMASK(3, 0), 0, 8);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, f->io.places, 0);
	region_read(&f->io, f->places, 0, 8);
	expect_end(test);
	KUNIT_EXPECT_EQ(test, region_read_error(&f->io), 0);
	KUNIT_EXPECT_EQ(test, f->io.places, 0);
}

/* A step of its own, which its end frees, as the last step of a job does. */
struct mortal_step {
	struct region_io io;
	struct io_place places[KCOPYD_MAX_REGIONS];
	struct completion *ended;
};

static void free_step(struct region_io *io)
{
	struct mortal_step *step = container_of(io, struct mortal_step, io);
	struct completion *ended = step->ended;

	kfree(step);
	complete(ended);
}

static void step_may_be_freed_when_it_ends(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct mortal_step *step;
	unsigned int round;

	make_disks(test, KCOPYD_MAX_REGIONS, &with_cache);
	for (round = 0; round < 10; round++) {
		step = kzalloc(sizeof(*step), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, step);
		memcpy(step->places, f->places, sizeof(step->places));
		step->io.done = free_step;
		step->io.owner = &nobody;
		step->io.stop = &f->stop;
		step->ended = &f->ended;
		if (round % 2)
			region_flush(&step->io, step->places, EVERY_PLACE);
		else
			region_write_zero_pages(&step->io, step->places,
						EVERY_PLACE, 0, 8);
		KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&f->ended,
								    30 * HZ));
	}
}

static int io_region_suite_init(struct kunit_suite *suite)
{
	return region_io_setup();
}

static void io_region_suite_exit(struct kunit_suite *suite)
{
	region_io_cleanup();
}

static int io_region_test_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	unsigned int i;

	if (!f)
		return -ENOMEM;
	f->buffer = kmalloc(BUFFER_SECTORS << SECTOR_SHIFT, GFP_KERNEL);
	if (!f->buffer)
		return -ENOMEM;
	for (i = 0; i < BUFFER_SECTORS; i++)
		memset(f->buffer + (i << SECTOR_SHIFT), 1 + i % 63,
		       SECTOR_SIZE);
	init_completion(&f->ended);
	f->io.done = step_ended;
	f->io.owner = &nobody;
	f->io.stop = &f->stop;
	test->priv = f;
	return 0;
}

static void io_region_test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	if (!f)
		return;
	for (i = 0; i < KCOPYD_MAX_REGIONS; i++)
		test_disk_destroy(f->disks[i]);
	kfree(f->buffer);
}

static struct kunit_case io_region_cases[] = {
	KUNIT_CASE(region_must_lie_on_its_device),
	KUNIT_CASE(region_of_a_partition_must_lie_on_its_disk),
	KUNIT_CASE(region_must_be_aligned_to_blocks),
	KUNIT_CASE(region_must_be_there),
	KUNIT_CASE(regions_overlap_if_they_share_a_sector),
	KUNIT_CASE(partitions_overlap_with_their_disk),
	KUNIT_CASE(read_fills_the_buffer),
	KUNIT_CASE(failed_read_tells_its_errno),
	KUNIT_CASE(write_reaches_every_place_it_names),
	KUNIT_CASE(write_leaves_other_places_alone),
	KUNIT_CASE(each_failed_place_has_its_bit),
	KUNIT_CASE(zeroing_by_command_zeroes),
	KUNIT_CASE(refusal_and_failure_are_told_apart),
	KUNIT_CASE(zeroing_by_writing_zeroes),
	KUNIT_CASE(flush_makes_durable),
	KUNIT_CASE(writes_are_not_taken_for_writeback),
	KUNIT_CASE(failed_flush_has_its_bit),
	KUNIT_CASE(step_ends_once_wherever_its_bios_end),
	KUNIT_CASE(step_ends_with_its_last_bio),
	KUNIT_CASE(stopped_step_submits_no_more),
	KUNIT_CASE(step_may_be_freed_when_it_ends),
	{}
};

static struct kunit_suite io_region_suite = {
	.name = "kcopyd_io_region",
	.suite_init = io_region_suite_init,
	.suite_exit = io_region_suite_exit,
	.init = io_region_test_init,
	.exit = io_region_test_exit,
	.test_cases = io_region_cases,
};

kunit_test_suite(io_region_suite);

MODULE_DESCRIPTION("Tests of kcopyd's I/O on regions");
MODULE_LICENSE("GPL");
