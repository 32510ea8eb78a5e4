/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Room to copy in: pages, and what else the I/O on them needs
 *
 * Every client has a space of its own, and some borrow from one that they
 * share; see reserve.h.
 */
#ifndef KCOPYD_SPACE_H
#define KCOPYD_SPACE_H

#include <linux/list.h>

#include "io_region.h"
#include "page_pool.h"

/*
 * In debug kernels, who relies on what the last use of an object has left behind
 * finds nonsense.
 */
#define POISON_REUSED IS_ENABLED(CONFIG_PROVE_LOCKING)
#define POISON_BYTE   0x5a

struct copy_space;

/**
 * struct copy_room - room for the data of one piece
 * @list: where it is: its space's while it is free, else its owner's
 * @space: where it belongs
 * @io: its steps of I/O, on @runs
 * @sectors: how much data it holds
 * @nr_pages: how many pages it has
 * @nr_runs: entries of @runs in use
 * @runs: the pages
 */
struct copy_room {
	struct list_head list;
	struct copy_space *space;
	struct region_io io;
	unsigned int sectors;
	unsigned int nr_pages;
	u8 nr_runs;
	struct page_run runs[REGION_IO_VECS];
};

/**
 * struct copy_space - room for a number of pieces
 * @pool: the pages
 * @free: rooms not in use
 * @nr_free: how many
 * @rooms: all of them, each at the beginning of what its user has made of it
 * @room_size: how long that is, in bytes
 * @piece_sectors: the most that a room holds, unless one block is more
 */
struct copy_space {
	struct copy_pool pool;
	struct list_head free;
	unsigned int nr_free;
	void *rooms;
	size_t room_size;
	unsigned int piece_sectors;
};

int copy_space_init(struct copy_space *space, unsigned int num_pages,
		    size_t room_size, void (*step_ended)(struct region_io *io));
void copy_space_exit(struct copy_space *space);

struct copy_room *copy_space_get(struct copy_space *space, sector_t sectors,
				 unsigned int block);
struct copy_room *copy_space_get_bare(struct copy_space *space);
void copy_space_put_pages(struct copy_room *room);
void copy_space_put(struct copy_room *room);

#endif /* KCOPYD_SPACE_H */
