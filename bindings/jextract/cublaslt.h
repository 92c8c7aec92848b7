/* cuBLASLt as a function table; see cudart.h. */
#include <cublasLt.h>

#define SLOT(function) __typeof__(&function) function

typedef struct cublaslt_api {
  SLOT(cublasLtGetVersion);
  SLOT(cublasLtGetStatusString);
  SLOT(cublasLtCreate);
  SLOT(cublasLtDestroy);
  SLOT(cublasLtMatrixLayoutCreate);
  SLOT(cublasLtMatrixLayoutDestroy);
  SLOT(cublasLtMatrixLayoutSetAttribute);
  SLOT(cublasLtMatmulDescCreate);
  SLOT(cublasLtMatmulDescDestroy);
  SLOT(cublasLtMatmulDescSetAttribute);
  SLOT(cublasLtMatmulPreferenceCreate);
  SLOT(cublasLtMatmulPreferenceDestroy);
  SLOT(cublasLtMatmulPreferenceSetAttribute);
  SLOT(cublasLtMatmulAlgoGetHeuristic);
  SLOT(cublasLtMatmul);
} cublaslt_api;
