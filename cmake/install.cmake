# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# What goes where: headers, both libraries, the CMake package, kallitype.pc, licence and docs. tests/package builds strangers against it.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/kal DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
foreach(page README.md CHANGES.md)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${page})
        install(FILES ${page} DESTINATION ${CMAKE_INSTALL_DOCDIR})
    endif()
endforeach()
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL FILES_MATCHING PATTERN "*.md" PATTERN "*.c" PATTERN "*.svg")

# One export file a library, so that who links the shared one need not have libjpeg's headers.
set(KAL_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/kallitype)
foreach(kind Shared Static)
    string(REPLACE "Shared" "kallitype" target ${kind})
    string(REPLACE "Static" "kallitype_static" target ${target})
    install(TARGETS ${target} EXPORT kallitype${kind}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(EXPORT kallitype${kind} NAMESPACE kallitype:: DESTINATION ${KAL_PACKAGE_DIR})
endforeach()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/kallitypeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/kallitypeConfig.cmake ${PROJECT_BINARY_DIR}/kallitypeConfigVersion.cmake DESTINATION ${KAL_PACKAGE_DIR})

# Relative to the .pc itself, unless somebody gave absolute folders.
set(KAL_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(KAL_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
    set(KAL_PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
    set(KAL_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
else()
    file(RELATIVE_PATH up /prefix/${KAL_PC_DIR} /prefix)
    string(REGEX REPLACE "/$" "" up ${up})
    set(KAL_PC_PREFIX "\${pcfiledir}/${up}")
    set(KAL_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
    set(KAL_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(cmake/kallitype.pc.in ${PROJECT_BINARY_DIR}/kallitype.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/kallitype.pc DESTINATION ${KAL_PC_DIR})
