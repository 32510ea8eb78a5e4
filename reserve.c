// SPDX-License-Identifier: GPL-2.0
/*
 * The reserve: room to copy in that many clients share
 *
 * Clients that find no room wait in line. What comes back goes to the first in
 * line, who takes one piece and then goes to the end, so that all get the same
 * number of turns; nobody overtakes.
 *
 * What is hard:
 *
 * A client in line may lose its interest, because its jobs were cancelled or
 * fitted in its own pages. It must leave the line, or it would hold up the
 * others; so whoever starts pieces looks whether it still has a reason to wait.
 *
 * A client in line may be busy with something that needs another one, a
 * callback that waits for I/O, say. The others then have to do with their own
 * pages, which is slow, but no deadlock.
 *
 * The lock of a client is taken before that of the reserve. The first in line
 * is woken with the reserve's lock held, so it can't go away meanwhile: a client
 * leaves the line before it is freed.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>

#include "reserve.h"

static unsigned int reserve_num_pages = SZ_8M / PAGE_SIZE;
module_param_named(reserve_pages, reserve_num_pages, uint, 0644);
MODULE_PARM_DESC(reserve_pages,
		 "Pages that clients share (when they are next set aside)");

static DEFINE_MUTEX(members_lock);
static unsigned int nr_members;

static DEFINE_SPINLOCK(lock);
static struct copy_space reserve;
static LIST_HEAD(line);

/**
 * reserve_join - begin to share; the first one sets the pages aside
 * @step_ended: as for copy_space_init()
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL if the parameter reserve_pages is out of range; -ENOMEM.
 */
int reserve_join(void (*step_ended)(struct region_io *io))
{
	unsigned int num_pages = READ_ONCE(reserve_num_pages);
	int err = 0;

	mutex_lock(&members_lock);
	if (!nr_members) {
		if (num_pages && num_pages <= totalram_pages() / 4)
			err = copy_space_init(&reserve, num_pages, step_ended);
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

static struct kcopyd_client *__first_in_line(void)
{
	lockdep_assert_held(&lock);
	return list_first_entry_or_null(&line, struct kcopyd_client, in_line);
}

/* Room has become free, or the line has got another first. */
static void __offer(void)
{
	struct kcopyd_client *first = __first_in_line();

	if (first && reserve.pool.nr_free)
		engine_wake(first);
}

/**
 * reserve_get - borrow a piece, or wait in line for one
 * @kc: who borrows; its lock is held
 * @job: what the piece is for
 *
 * Return: The piece. NULL if there is no room, or others come first: then @kc
 * is woken when it is its turn. Also NULL if the whole reserve is too small.
 */
struct piece *reserve_get(struct kcopyd_client *kc, const struct job *job)
{
	struct kcopyd_client *first;
	struct piece *piece = NULL;

	lockdep_assert_held(&kc->lock);
	if (job->block > reserve.pool.nr_pages * PAGE_SECTORS)
		return NULL;
	spin_lock(&lock);
	first = __first_in_line();
	if (!first || first == kc)
		piece = copy_space_get(&reserve, job);
	if (piece && first) {
		list_del_init(&kc->in_line);
		__offer();
	} else if (!piece && list_empty(&kc->in_line)) {
		list_add_tail(&kc->in_line, &line);
	}
	spin_unlock(&lock);
	return piece;
}

/**
 * reserve_put_pages - give the pages of a borrowed piece back
 * @piece: the piece; it stays with its owner, whose lock is held
 */
void reserve_put_pages(struct piece *piece)
{
	lockdep_assert_held(&piece->kc->lock);
	spin_lock(&lock);
	copy_space_put_pages(piece);
	__offer();
	spin_unlock(&lock);
}

/**
 * reserve_put - give a borrowed piece back
 * @piece: one without pages; its owner's lock is held
 */
void reserve_put(struct piece *piece)
{
	lockdep_assert_held(&piece->kc->lock);
	spin_lock(&lock);
	copy_space_put(piece);
	__offer();
	spin_unlock(&lock);
}

/**
 * reserve_leave_line - wait no more
 * @kc: the client; its lock is held
 */
void reserve_leave_line(struct kcopyd_client *kc)
{
	lockdep_assert_held(&kc->lock);
	spin_lock(&lock);
	list_del_init(&kc->in_line);
	__offer();
	spin_unlock(&lock);
}
