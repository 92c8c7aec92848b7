# The 'format' test and target: every C, C++ and CUDA source is as clang-format 14 writes it (other versions differ in
# details, so they are not used). 'format-fix' rewrites the files.
find_program(S24_CLANG_FORMAT NAMES clang-format-14 clang-format)
mark_as_advanced(S24_CLANG_FORMAT)
set(format_script ${CMAKE_CURRENT_LIST_DIR}/format-check.cmake)
set(format_arguments -DROOT=${CMAKE_SOURCE_DIR} -DCLANG_FORMAT=${S24_CLANG_FORMAT})
add_custom_target(format COMMAND ${CMAKE_COMMAND} ${format_arguments} -P ${format_script})
add_custom_target(format-fix COMMAND ${CMAKE_COMMAND} ${format_arguments} -DFIX=ON -P ${format_script})
if(BUILD_TESTING)
  add_test(NAME format COMMAND ${CMAKE_COMMAND} ${format_arguments} -P ${format_script})
  set_tests_properties(format PROPERTIES SKIP_REGULAR_EXPRESSION "format: skipped")
endif()
