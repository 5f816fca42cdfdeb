"""The tests, by area; every test is marked with the clauses that it is about.

Steps are written for a POSIX shell and the utilities that come with every one: `cat`, `ls`,
`mkdir`, `rm`, `ln`, `chmod`, `sleep`, `kill`. A test that needs more says so where it is not there.
"""
