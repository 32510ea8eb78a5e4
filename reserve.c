// SPDX-License-Identifier: GPL-2.0
/*
 * The reserve: room to copy in that many clients share
 *
 * A client may borrow while it holds less than is free. So one that is alone gets
 * half, n that are busy get the n + 1st part each, and there is always something
 * left for one that comes anew. What is stuck, because a device hangs, costs the
 * others no more than that share.
 *
 * Clients that find no room wait in line, and are woken in turns when some comes
 * back. A place in the line gives no right to it: whoever asks while there is
 * room gets it, so that nobody waits for a client whose worker is blocked, or
 * whose jobs need no memory any more. The share is what keeps this fair.
 *
 * The lock of a client is taken before that of the reserve. A client in line is
 * woken with the reserve's lock held, so it can't go away meanwhile: it leaves
 * the line before it is freed.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>

#include "reserve.h"

/* How many clients in line are looked at when there is room for one. */
#define LOOK_MAX 16

static unsigned int reserve_num_pages;
module_param_named(reserve_pages, reserve_num_pages, uint, 0644);
MODULE_PARM_DESC(reserve_pages,
		 "Pages that clients share, once set aside (0: 8 MiB or less)");

static DEFINE_MUTEX(members_lock);
static unsigned int nr_members;

static DEFINE_RAW_SPINLOCK(lock);
static struct copy_space reserve;
static LIST_HEAD(line);

static unsigned int default_pages(void)
{
	return clamp(totalram_pages() / 16, 1UL, SZ_8M / PAGE_SIZE);
}

/**
 * reserve_join - begin to share; the first one sets the pages aside
 * @room_size: as for copy_space_init(), and the same for all
 * @step_ended: likewise
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL if the parameter reserve_pages is more than a quarter of
 * memory; -ENOMEM.
 */
int reserve_join(size_t room_size, void (*step_ended)(struct region_io *io))
{
	unsigned int num_pages = READ_ONCE(reserve_num_pages);
	int err = 0;

	num_pages = num_pages ?: default_pages();
	mutex_lock(&members_lock);
	if (!nr_members) {
		if (num_pages <= totalram_pages() / 4)
			err = copy_space_init(&reserve, num_pages, room_size,
					      step_ended);
		else
			err = -EINVAL;
	}
	if (!err)
		nr_members++;
	mutex_unlock(&members_lock);
	return err;
}

/**
 * reserve_leave - share no more; the last one releases the pages
 *
 * Context: Process context. May sleep.
 */
void reserve_leave(void)
{
	mutex_lock(&members_lock);
	if (!--nr_members)
		copy_space_exit(&reserve);
	mutex_unlock(&members_lock);
}

/**
 * reserve_pages - how many pages the reserve has
 *
 * Context: Any, while there is a member.
 * Return: The number.
 */
unsigned int reserve_pages(void)
{
	return reserve.pool.nr_pages;
}

/**
 * reserve_longest - how long a piece the reserve has room for
 *
 * Context: Any, while there is a member.
 * Return: The number of sectors.
 */
unsigned int reserve_longest(void)
{
	return reserve.piece_sectors;
}

/* Does a client hold so little that it may have more? */
static bool __may_borrow(const struct borrower *borrower)
{
	lockdep_assert_held(&lock);
	return borrower->pages < reserve.pool.nr_free &&
	       borrower->rooms < reserve.nr_free;
}

/* There is room: wake the next in line who may have it. */
static void __offer(void)
{
	unsigned int looks;

	for (looks = 0; looks < LOOK_MAX && !list_empty(&line); looks++) {
		struct borrower *next = list_first_entry(&line, struct borrower,
							 in_line);

		list_move_tail(&next->in_line, &line);
		if (__may_borrow(next)) {
			next->wake(next);
			return;
		}
	}
}

/* Is there room for more than a small copy? */
static bool __has_room(void)
{
	return reserve.pool.nr_free * PAGE_SECTORS >= reserve.piece_sectors &&
	       reserve.nr_free;
}

/**
 * reserve_get - borrow room, or wait in line for it
 * @borrower: who borrows
 * @sectors: as for copy_space_get()
 * @block: likewise
 *
 * Context: Any, with interrupts off.
 * Return: The room. NULL if @borrower holds its share or there is none: then it is
 * woken when some has come back. Also NULL if the whole reserve is too small.
 */
struct copy_room *reserve_get(struct borrower *borrower, sector_t sectors,
			      unsigned int block)
{
	struct copy_room *room = NULL;

	if (block > reserve.pool.nr_pages * PAGE_SECTORS)
		return NULL;
	raw_spin_lock(&lock);
	if (__may_borrow(borrower))
		room = copy_space_get(&reserve, sectors, block);
	if (room) {
		borrower->pages += room->nr_pages;
		borrower->rooms++;
		list_del_init(&borrower->in_line);
		if (!list_empty(&line) && __has_room())
			__offer();
	} else if (list_empty(&borrower->in_line)) {
		list_add_tail(&borrower->in_line, &line);
	}
	raw_spin_unlock(&lock);
	return room;
}

/**
 * reserve_put_pages - give the pages of a borrowed room back
 * @borrower: who borrowed it
 * @room: the room; it stays with its owner
 *
 * Context: Any, with interrupts off.
 */
void reserve_put_pages(struct borrower *borrower, struct copy_room *room)
{
	raw_spin_lock(&lock);
	borrower->pages -= room->nr_pages;
	copy_space_put_pages(room);
	__offer();
	raw_spin_unlock(&lock);
}

/**
 * reserve_put - give a borrowed room back
 * @borrower: who borrowed it
 * @room: one without pages
 *
 * Context: Any, with interrupts off.
 */
void reserve_put(struct borrower *borrower, struct copy_room *room)
{
	raw_spin_lock(&lock);
	borrower->rooms--;
	copy_space_put(room);
	/* There were pages, but no room to hold them. */
	if (reserve.nr_free == 1)
		__offer();
	raw_spin_unlock(&lock);
}

/**
 * reserve_leave_line - wait no more
 * @borrower: who waits, or not
 *
 * Context: Any, with interrupts off.
 */
void reserve_leave_line(struct borrower *borrower)
{
	raw_spin_lock(&lock);
	list_del_init(&borrower->in_line);
	if (__has_room())
		__offer();
	raw_spin_unlock(&lock);
}
