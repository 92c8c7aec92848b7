# What the compiler made of the tensor-core kernels: the instructions they are written for, and no register spilled to
# memory. Compiles them anew for one architecture, with the compiler's report (REPORTS keeps it); the instructions are
# looked for in the PTX, and where there is a cuobjdump in the machine code.
file(MAKE_DIRECTORY ${REPORTS})
foreach(source ${SOURCES})
  get_filename_component(name ${source} NAME_WE)
  set(built ${REPORTS}/${name}.${ARCHITECTURE})
  execute_process(
    COMMAND ${NVCC} -std=c++17 -O3 -DNDEBUG -gencode arch=compute_${ARCHITECTURE},code=sm_${ARCHITECTURE} -Xptxas -v
            -I ${ROOT}/kernels-cuda/src -I ${ROOT}/kernels-cuda -I ${ROOT}/bindings/include --keep --keep-dir ${REPORTS}
            -cubin -o ${built}.cubin ${source}
    ERROR_VARIABLE report COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${built}.txt "${report}")
  string(REGEX MATCHALL "[0-9]+ bytes spill (stores|loads)" spills "${report}")
  list(LENGTH spills count)
  list(REMOVE_ITEM spills "0 bytes spill stores" "0 bytes spill loads")
  if(count EQUAL 0 OR NOT spills STREQUAL "")
    message(SEND_ERROR "${name} for sm_${ARCHITECTURE}: '${spills}', see ${built}.txt")
  endif()

  if(name MATCHES "i8_i8")
    set(multiply "mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.s32.s8.s8.s32")
    set(machine "IMMA.SP.16864.S8.S8")
  else()
    set(multiply "mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.")
    set(machine "HMMA.SP.16832.F32")
  endif()
  file(READ ${REPORTS}/${name}.ptx code)
  set(wanted ${multiply} ldmatrix.sync.aligned.m8n8.x4.shared.b16 cp.async.cg.shared.global
             ld.global.nc.L1::no_allocate.v4.u32)
  if(CUOBJDUMP)
    execute_process(COMMAND ${CUOBJDUMP} -sass ${built}.cubin OUTPUT_VARIABLE sass COMMAND_ERROR_IS_FATAL ANY)
    string(APPEND code "${sass}")
    list(APPEND wanted ${machine} LDSM.16.M88.4 LDGSTS.E.BYPASS.128 LDG.E.NA.128.CONSTANT)
  endif()
  foreach(instruction ${wanted})
    string(FIND "${code}" "${instruction}" at)
    if(at EQUAL -1)
      message(SEND_ERROR "${name} for sm_${ARCHITECTURE} has no ${instruction}")
    endif()
  endforeach()
endforeach()
if(NOT CUOBJDUMP)
  message(STATUS "no cuobjdump: instructions looked for in the PTX only")
endif()
