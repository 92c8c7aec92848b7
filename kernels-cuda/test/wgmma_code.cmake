# What the compiler made of the wgmma kernel: nothing spilled, no multiplication that waits for the one before it, and,
# where there is an nvdisasm, the instructions it is about. NVCC, SOURCE, INCLUDES (a list), OUT; NVDISASM may be unset.
list(TRANSFORM INCLUDES PREPEND -I)
execute_process(
  COMMAND ${NVCC} -std=c++17 -O3 -DNDEBUG -gencode arch=compute_90a,code=sm_90a -cubin -Xptxas -v ${INCLUDES} -o ${OUT}
          ${SOURCE}
  OUTPUT_VARIABLE report
  ERROR_VARIABLE report
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${report}")
endif()
if(NOT report MATCHES "Used [0-9]+ registers")
  message(FATAL_ERROR "ptxas reports no registers:\n${report}")
endif()
if(report MATCHES "serialized" OR report MATCHES "[1-9][0-9]* bytes spill")
  message(FATAL_ERROR "${report}")
endif()
if(NOT NVDISASM)
  message("no nvdisasm: instructions not looked at")
  return()
endif()
execute_process(COMMAND ${NVDISASM} -c ${OUT} OUTPUT_VARIABLE code ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${NVDISASM} cannot read what ${NVCC} makes")
endif()
foreach(instruction "HGMMA\\.SP\\.64x128x32\\.F32\\.BF16" "HGMMA\\.SP\\.64x128x32\\.F32 " "IGMMA\\.SP\\.64x128x64\\.S8\\.S8"
                    "UTMALDG\\.2D" "UBLKCP" "SYNCS\\.PHASECHK" "USETMAXREG\\.TRY_ALLOC")
  if(NOT code MATCHES "${instruction}")
    message(FATAL_ERROR "no ${instruction}")
  endif()
endforeach()
if(code MATCHES "[ \t](STL|LDL)[. ]")
  message(FATAL_ERROR "local memory")
endif()
