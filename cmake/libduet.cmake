# libduet: base, backbone and heads as one installed library, shared and static, with the headers of backbone
# and heads (see duet/duet.h). Duet's own programs link the parts.
# Its name changes with what may break a program: before 1.0 with each minor version, then with each major one.
set(DUET_SOVERSION ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(DUET_SOVERSION 0.${PROJECT_VERSION_MINOR})
endif()
foreach(kind shared static)
  string(TOUPPER ${kind} type)
  add_library(libduet-${kind} ${type}
    $<TARGET_OBJECTS:duet-base> $<TARGET_OBJECTS:duet-backbone> $<TARGET_OBJECTS:duet-heads>)
  set_target_properties(libduet-${kind} PROPERTIES OUTPUT_NAME duet LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${DUET_SOVERSION})
  target_link_libraries(libduet-${kind} PRIVATE duet-flags PkgConfig::JANSSON PkgConfig::XXHASH PkgConfig::NETTLE
                                                Threads::Threads m)
  install(TARGETS libduet-${kind} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
                                  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endforeach()
if(NOT DUET_SANITIZE AND NOT DUET_FUZZ) # their runtimes are found only when a program is linked
  target_link_options(libduet-shared PRIVATE -Wl,-z,defs)
endif()
install(DIRECTORY backbone/include/duet heads/include/duet
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# Relative to the file, so that 'cmake --install build --prefix ANYWHERE' is right too.
set(DUET_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  string(REGEX REPLACE "[^/]+" ".." up ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  set(DUET_PC_PREFIX "\${pcfiledir}/${up}")
endif()
foreach(folder LIBDIR INCLUDEDIR)
  set(DUET_PC_${folder} ${CMAKE_INSTALL_${folder}})
  if(NOT IS_ABSOLUTE "${DUET_PC_${folder}}")
    set(DUET_PC_${folder} "\${prefix}/${DUET_PC_${folder}}")
  endif()
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/duet.pc.in ${PROJECT_BINARY_DIR}/duet.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/duet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
