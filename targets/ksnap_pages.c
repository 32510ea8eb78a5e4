// SPDX-License-Identifier: GPL-2.0
/* Pages of memory in arrays that have holes, and how many there may be. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "ksnap.h"

/* Of all snapshots. */
static atomic_long_t nr_pages;

/* A quarter of memory, so that what is kept of a store drives nobody else out. */
static bool take_page(void)
{
	if (atomic_long_inc_return(&nr_pages) <= totalram_pages() / 4)
		return true;
	atomic_long_dec(&nr_pages);
	return false;
}

/**
 * pages_add - have a page at an index
 * @pages: the array; who looks at it at the same time finds the page or NULL
 * @index: where
 * @fill: what a new page is filled with
 * @gfp: for the allocation
 *
 * Context: As @gfp says. One task at a time.
 * Return: 0, or -ENOMEM.
 */
int pages_add(struct xarray *pages, unsigned long index, u32 fill, gfp_t gfp)
{
	void *page;
	int err;

	if (xa_load(pages, index))
		return 0;
	if (!take_page())
		return -ENOMEM;
	page = (void *)__get_free_page(gfp);
	err = -ENOMEM;
	if (!page)
		goto err_page;
	memset32(page, fill, PAGE_SIZE / sizeof(u32));
	err = xa_err(xa_store(pages, index, page, gfp));
	if (err)
		goto err_store;
	return 0;

err_store:
	free_page((unsigned long)page);
err_page:
	atomic_long_dec(&nr_pages);
	return err;
}

/* Nobody looks at the array any more. */
void pages_free(struct xarray *pages)
{
	unsigned long index;
	void *page;

	xa_for_each(pages, index, page) {
		free_page((unsigned long)page);
		atomic_long_dec(&nr_pages);
	}
	xa_destroy(pages);
}
