// SPDX-License-Identifier: GPL-2.0
/*
 * Runs all tests and prints the result of each as the Test Anything Protocol
 * has it.
 */
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace {

class tap_printer : public testing::EmptyTestEventListener {
	void OnTestProgramStart(const testing::UnitTest &all) override
	{
		fmt::print("1..{}\n", all.test_to_run_count());
	}

	void OnTestPartResult(const testing::TestPartResult &part) override
	{
		std::string message = part.message();

		for (auto &c : message)
			c = c == '\n' ? ' ' : c;
		if (part.failed())
			fmt::print("# {}:{}: {}\n",
				   part.file_name() ? part.file_name() : "",
				   part.line_number(), message);
	}

	void OnTestEnd(const testing::TestInfo &test) override
	{
		fmt::print("{} {} - {}.{}\n",
			   test.result()->Passed() ? "ok" : "not ok", ++number_,
			   test.test_suite_name(), test.name());
	}

	int number_ = 0;
};

} // namespace

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);

	auto &listeners = testing::UnitTest::GetInstance()->listeners();

	delete listeners.Release(listeners.default_result_printer());
	listeners.Append(new tap_printer);
	return RUN_ALL_TESTS();
}
