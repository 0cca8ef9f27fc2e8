// SPDX-License-Identifier: MIT
// Read before every file of a portable build (CMakeLists.txt, PORTABLE): what of the C++ library would need a newer glibc
// than 2.28 is not used.
#pragma once
#ifdef __cplusplus
#include <bits/c++config.h>
#undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT
#endif
