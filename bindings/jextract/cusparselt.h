/* cuSPARSELt as a function table; see cudart.h. */
#include <stdalign.h> /* cusparseLt.h uses alignas without it, so it comes first */

#include <cusparseLt.h>

#define SLOT(function) __typeof__(&function) function

typedef struct cusparselt_api {
  SLOT(cusparseLtGetProperty);
  SLOT(cusparseLtGetErrorString);
  SLOT(cusparseLtInit);
  SLOT(cusparseLtDestroy);
  SLOT(cusparseLtDenseDescriptorInit);
  SLOT(cusparseLtStructuredDescriptorInit);
  SLOT(cusparseLtMatDescriptorDestroy);
  SLOT(cusparseLtMatDescSetAttribute);
  SLOT(cusparseLtMatmulDescriptorInit);
  SLOT(cusparseLtMatmulDescSetAttribute);
  SLOT(cusparseLtMatmulAlgSelectionInit);
  SLOT(cusparseLtMatmulAlgSelectionDestroy);
  SLOT(cusparseLtMatmulAlgSetAttribute);
  SLOT(cusparseLtMatmulAlgGetAttribute);
  SLOT(cusparseLtMatmulPlanInit);
  SLOT(cusparseLtMatmulPlanDestroy);
  SLOT(cusparseLtMatmulGetWorkspace);
  SLOT(cusparseLtMatmulSearch);
  SLOT(cusparseLtMatmul);
  SLOT(cusparseLtSpMMACompressedSize);
  SLOT(cusparseLtSpMMACompress);
} cusparselt_api;
