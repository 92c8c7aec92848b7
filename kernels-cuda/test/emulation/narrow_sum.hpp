// What the tensor cores of Ada and Hopper make of a running sum and products of E4M3, as far as it is known: 14 bits,
// counted from the first bit of the largest addend; what is below is cut off.
#ifndef SPARSE24_CUDA_EMULATION_NARROW_SUM_HPP
#define SPARSE24_CUDA_EMULATION_NARROW_SUM_HPP

#include <cmath>

namespace s24::emulation {

struct NarrowSum {
  double sum, largest;

  explicit NarrowSum(double running) : sum(running), largest(std::fabs(running)) {}

  void add(double product) {
    sum += product;
    largest = std::fmax(largest, std::fabs(product));
  }

  double value() const {
    if (!std::isfinite(sum) || largest == 0) return sum;
    const double last_bit = std::ldexp(1.0, std::ilogb(largest) - 13);
    return std::trunc(sum / last_bit) * last_bit;
  }
};

// The same interface for sums that are exact until they are rounded.
template <class Wide>
struct ExactSum {
  Wide sum;

  explicit ExactSum(Wide running) : sum(running) {}
  void add(Wide product) { sum += product; }
  Wide value() const { return sum; }
};

}  // namespace s24::emulation

#endif  // SPARSE24_CUDA_EMULATION_NARROW_SUM_HPP
