# For 64-bit ARM, on a Debian of another architecture (./setup.sh --arm installs what it takes):
#
#   cmake -S . -B build/arm -G Ninja --toolchain cmake/aarch64-linux-gnu.cmake && ninja -C build/arm
#   qemu-aarch64 build/arm/bin/detect ...     ctest --test-dir build/arm -R '^unit/'
#
# Compiles with Debian's gcc-aarch64-linux-gnu (or clang, where $CC names one) against the arm64 packages of
# the libraries.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

if("$ENV{CC}" MATCHES "clang")
  set(CMAKE_C_COMPILER $ENV{CC})
  set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
elseif(NOT CMAKE_C_COMPILER)
  set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
endif()
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)

# Only the arm64 libraries' descriptions.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)
