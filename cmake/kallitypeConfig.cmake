# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# find_package(kallitype CONFIG) gives kallitype::kallitype, the shared library, which needs nothing else to link with, and
# kallitype::kallitype_static where what it rests on is found too. COMPONENTS static insists on the latter.
include("${CMAKE_CURRENT_LIST_DIR}/kallitypeShared.cmake")

set(kallitype_static_FOUND TRUE)
foreach(kal_part Threads JPEG PNG ZLIB)
    if(kallitype_FIND_REQUIRED_static)
        include(CMakeFindDependencyMacro)
        find_dependency(${kal_part})
    else()
        find_package(${kal_part} QUIET)
    endif()
    if(NOT ${kal_part}_FOUND)
        set(kallitype_static_FOUND FALSE)
    endif()
endforeach()
if(kallitype_static_FOUND)
    include("${CMAKE_CURRENT_LIST_DIR}/kallitypeStatic.cmake")
endif()

foreach(kal_part ${kallitype_FIND_COMPONENTS})
    if(kallitype_FIND_REQUIRED_${kal_part} AND NOT kallitype_${kal_part}_FOUND)
        set(kallitype_FOUND FALSE)
        set(kallitype_NOT_FOUND_MESSAGE "kallitype has no component \"${kal_part}\" here; there is only \"static\".")
    endif()
endforeach()
unset(kal_part)
