# How every Duet target is compiled.

add_library(duet-flags INTERFACE)
target_compile_definitions(duet-flags INTERFACE _GNU_SOURCE DUET_VERSION="${PROJECT_VERSION}")
# One rounding per operation: a compiler that fuses a*b+c on its own would change results from one CPU level
# to the next.
target_compile_options(duet-flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion
  -ffp-contract=off -fno-math-errno -fstack-protector-strong)
if(DUET_WERROR)
  target_compile_options(duet-flags INTERFACE -Werror)
endif()
if(DUET_SANITIZE)
  target_compile_options(duet-flags INTERFACE -fsanitize=${DUET_SANITIZE} -fno-omit-frame-pointer
                                              -fno-sanitize-recover=all)
  target_link_options(duet-flags INTERFACE -fsanitize=${DUET_SANITIZE})
endif()
if(DUET_FUZZ)
  target_compile_options(duet-flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# duet_library(NAME source...): a static library. What others may include lies in its ./include; what lies beside its
# sources is its own, spelled from its folder ("network/plan.h"), and nobody else's compiler finds it.
#   include/duet/         installed: libduet's interface
#   include/ROOM/, include/LIBRARY/ROOM/   for the rest of Duet
function(duet_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:duet-flags>)
endfunction()

# duet_program(NAME source...): a program in build/bin.
function(duet_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE duet-flags)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
