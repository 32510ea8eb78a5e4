// SPDX-License-Identifier: GPL-2.0
#include "lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace {

int open_mapper(const std::string &name)
{
	return open(("/dev/mapper/" + name).c_str(), O_RDONLY | O_CLOEXEC);
}

} // namespace

exclusive::exclusive() : fd_(open_mapper("control"))
{
	if (fd_ >= 0)
		flock(fd_, LOCK_EX);
}

exclusive::~exclusive()
{
	if (fd_ >= 0)
		close(fd_);
}

attendance::attendance(const std::string &name) : fd_(open_mapper(name))
{
}

attendance::~attendance()
{
	end();
}

void attendance::end()
{
	if (fd_ >= 0)
		close(fd_);
	fd_ = -1;
}
