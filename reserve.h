/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reserve: room to copy in that many clients share
 *
 * A client that shares has a few pages of its own, which guarantee its
 * progress, and borrows the room for its larger pieces here, in turns with the
 * others. The reserve is set aside with the first such client and released with
 * the last.
 */
#ifndef KCOPYD_RESERVE_H
#define KCOPYD_RESERVE_H

#include "space.h"

/**
 * struct borrower - one of those who share
 * @in_line: of those that wait for room
 * @pages: how many it has borrowed
 * @rooms: likewise
 * @wake: have it ask again; called with the reserve's lock held
 *
 * The owner serialises the calls for one borrower. All members but @wake are guarded
 * by the reserve's lock. Without it the owner may read @rooms, and whether @in_line is
 * empty: only his own calls change that.
 */
struct borrower {
	struct list_head in_line;
	unsigned int pages;
	unsigned int rooms;
	void (*wake)(struct borrower *borrower);
};

int reserve_join(size_t room_size, void (*step_ended)(struct region_io *io));
void reserve_leave(void);
unsigned int reserve_pages(void);
unsigned int reserve_longest(void);

struct copy_room *reserve_get(struct borrower *borrower, sector_t sectors,
			      unsigned int block);
void reserve_put_pages(struct borrower *borrower, struct copy_room *room);
void reserve_put(struct borrower *borrower, struct copy_room *room);
void reserve_leave_line(struct borrower *borrower);

#endif /* KCOPYD_RESERVE_H */
