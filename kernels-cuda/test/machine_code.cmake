# What the compiler made of the kernels on tensor cores and of those that move memory: the instructions they are written
# for, nothing of a thread's own in memory, and no wgmma that waits for the one before it. Compiles them anew for one
# architecture, with the compiler's report (REPORTS keeps it); the instructions are looked for in the PTX, and where there
# is a cuobjdump in the machine code.
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
  # What only unusual tiles call is a function of its own, so that its registers are not the kernel's: it saves some of
  # them on a stack, which its kernel then has.
  string(REGEX REPLACE "Function properties for [^\n]*tile_by_cells[^\n]*\n[^\n]*\n" "" judged "${report}")
  if(NOT judged STREQUAL report)
    string(REGEX REPLACE "[0-9]+ bytes stack frame" "" judged "${judged}")
  endif()
  string(REGEX MATCHALL "[0-9]+ bytes (stack frame|spill stores|spill loads)" spills "${judged}")
  list(LENGTH spills count)
  list(REMOVE_ITEM spills "0 bytes stack frame" "0 bytes spill stores" "0 bytes spill loads")
  if(count EQUAL 0 OR NOT spills STREQUAL "")
    message(SEND_ERROR "${name} for sm_${ARCHITECTURE}: '${spills}', see ${built}.txt")
  endif()
  if(report MATCHES "serialized")
    message(SEND_ERROR "${name} for sm_${ARCHITECTURE} multiplies one by one, see ${built}.txt")
  endif()

  if(name MATCHES "wgmma")
    set(multiply wgmma.mma_async.sp.sync.aligned.m64n128k32.f32.bf16.bf16
                 wgmma.mma_async.sp.sync.aligned.m64n128k32.f32.f16.f16
                 wgmma.mma_async.sp.sync.aligned.m64n128k64.s32.s8.s8
                 wgmma.mma_async.sp.sync.aligned.m64n128k64.f32.e4m3.e4m3
                 mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32)
    set(load cp.async.bulk.tensor.2d.shared::cluster.global cp.async.bulk.shared::cluster.global
             mbarrier.try_wait.parity.shared::cta.b64 setmaxnreg.inc.sync.aligned.u32)
    set(machine HGMMA.SP.64x128x32.F32.BF16 "HGMMA.SP.64x128x32.F32 " IGMMA.SP.64x128x64.S8.S8
                QGMMA.SP.64x128x64.F32.E4M3.E4M3 HMMA.16816.F32.BF16 "HMMA.16816.F32 " UTMALDG.2D UBLKCP
                SYNCS.PHASECHK.TRANS64.TRYWAIT USETMAXREG.TRY_ALLOC)
  elseif(name MATCHES "sddmm24_(bf16|f16)")
    set(type ${CMAKE_MATCH_1})
    set(multiply mma.sync.aligned.m16n8k16.row.col.f32.${type}.${type}.f32)
    set(load ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 cp.async.cg.shared.global)
    set(machine LDSM.16.MT88.4 LDGSTS.E.BYPASS.128)
    if(type STREQUAL "bf16")
      list(APPEND machine HMMA.16816.F32.BF16)
    else()
      list(APPEND machine "HMMA.16816.F32 ")
    endif()
  elseif(name MATCHES "prune24_both")
    set(multiply)
    set(load ld.global.nc.L1::no_allocate.v4.u32 ld.global.nc.v4 st.global.v4 ld.shared.v4 prmt.b32)
    set(machine LDG.E.NA.128.CONSTANT STG.E.128 LDS.128)
  elseif(NOT name MATCHES "_mma(89)?$")
    set(multiply)
    set(load)
    set(machine)
    if(NOT name MATCHES "pack24|double_prune24")  # which read pairs
      list(APPEND load ld.global.v4.u32)
      list(APPEND machine LDG.E.128)
    endif()
    if(NOT name MATCHES "accumulate_norms")
      list(APPEND load st.global.v4.u32)
      list(APPEND machine STG.E.128)
    endif()
  else()
    set(load ldmatrix.sync.aligned.m8n8.x4.shared.b16 cp.async.cg.shared.global ld.global.nc.L1::no_allocate.v4.u32)
    set(machine LDSM.16.M88.4 LDGSTS.E.BYPASS.128 LDG.E.NA.128.CONSTANT)
    if(name MATCHES "i8_i8")
      set(multiply "mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.s32.s8.s8.s32")
      list(APPEND machine IMMA.SP.16864.S8.S8)
    elseif(name MATCHES "e4m3_e4m3")
      set(multiply "mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32" cvt.rn.f16x2.e4m3x2)
      list(APPEND machine HMMA.SP.16832.F32 F2FP.F16.E4M3.UNPACK_B)
      if(ARCHITECTURE STREQUAL "89")
        list(APPEND multiply "mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.f32.e4m3.e4m3.f32")
        list(APPEND machine QMMA.SP.16864.F32.E4M3.E4M3)
      else()  # what is multiplied as F16 is not loaded so
        list(REMOVE_ITEM load ldmatrix.sync.aligned.m8n8.x4.shared.b16)
        list(REMOVE_ITEM machine LDSM.16.M88.4)
      endif()
    else()
      set(multiply "mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.")
      list(APPEND machine HMMA.SP.16832.F32)
      string(REGEX MATCH "bf16|f16" type ${name})  # of X; a low-rank term is of it
      list(APPEND multiply "mma.sync.aligned.m16n8k16.row.col.f32.${type}.${type}.f32")
      list(APPEND machine HMMA.16816.F32)
    endif()
  endif()
  file(READ ${REPORTS}/${name}.ptx code)
  set(wanted ${multiply} ${load})
  if(CUOBJDUMP)
    execute_process(COMMAND ${CUOBJDUMP} -sass ${built}.cubin OUTPUT_VARIABLE sass COMMAND_ERROR_IS_FATAL ANY)
    string(APPEND code "${sass}")
    list(APPEND wanted ${machine})
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
