/* SPDX-License-Identifier: GPL-2.0 */
/* Faults for those who test what they do about them; see fault.c. */
#ifndef KCOPYD_FAULT_H
#define KCOPYD_FAULT_H

#include <linux/jump_label.h>
#include <linux/types.h>

/* What fails. */
enum fault {
	FAULT_READ,
	FAULT_WRITE, /* and zeroing, and a flush */
	FAULT_SUBMIT,
	NR_FAULTS,
};

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS

DECLARE_STATIC_KEY_FALSE(fault_key);

void fault_setup(void);
void fault_cleanup(void);
bool fault_hits(enum fault fault, const char *label, unsigned int bytes);

/* Is this to fail, as it is of a client with this label? */
static inline bool fault_injected(enum fault fault, const char *label,
				  unsigned int bytes)
{
	return static_branch_unlikely(&fault_key) &&
	       fault_hits(fault, label, bytes);
}

#else

static inline void fault_setup(void)
{
}

static inline void fault_cleanup(void)
{
}

static inline bool fault_injected(enum fault fault, const char *label,
				  unsigned int bytes)
{
	return false;
}

#endif

#endif /* KCOPYD_FAULT_H */
